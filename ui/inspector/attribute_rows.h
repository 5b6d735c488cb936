#pragma once

#include "ui/inspector/description.h"

namespace lapidary::ui {

/// The attributes that all of the nodes have, with their defaults; each row changes them on all at once. The
/// elements are nodes of one graph.
DescriptionSection attribute_section(const Document& document, const std::vector<Element>& nodes);

}  // namespace lapidary::ui
