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

/// What the attribute of a standard operator may be chosen from: its texts, or for a number that stands for
/// an element type the types' names; none where it is free.
std::vector<std::string> attribute_choices(const Node& node, std::string_view attribute);
/// True if standard operators have a number of that name for yes (1) and no (0).
bool is_flag(std::string_view attribute);

}  // namespace lapidary
