#pragma once

#include "ui/inspector/description.h"

namespace lapidary::ui {

/// Adds documentation and metadata of a node, or of the model itself, below the numbers, to be changed there.
void add_notes(Description& description, const Document& document, const std::optional<Element>& node,
               const std::string& documentation, const Metadata& metadata);

}  // namespace lapidary::ui
