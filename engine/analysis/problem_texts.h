#pragma once

#include <string_view>

namespace lapidary {

// What checks say, word for word, where something else goes by it: engine/edit/repairs.h.
inline constexpr std::string_view unread_weight_text = "a weight that nobody reads";
inline constexpr std::string_view unmade_output_text = "an output of the graph that nobody makes";
inline constexpr std::string_view same_name_text = "two nodes have this name";
inline constexpr std::string_view wrong_order_text = "nodes are not in topological order";
inline constexpr std::string_view not_imported_text = " is not imported";
inline constexpr std::string_view no_attribute_text = " has no attribute '";
inline constexpr std::string_view untyped_output_text = "the output has no type";

}  // namespace lapidary
