#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

/// What is wrong with the value of a standard operator's attribute, whatever the node's inputs are: a text
/// that is none of those to choose from, a number that names no element type; nothing if it may stand.
std::optional<std::string> wrong_choice(const Node& node, const Attribute& attribute);

}  // namespace lapidary
