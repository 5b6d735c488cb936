#pragma once

#include <vector>

#include "ui/inspector/description.h"

namespace lapidary::ui {

/// What is to be said about a node's operator, or about the function that it calls: a paragraph on what it
/// does, then its inputs, outputs, attributes, types and versions. Either may be nullptr.
std::vector<DescriptionSection> documentation_of(const Operator* record, const Function* function);

}  // namespace lapidary::ui
