#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace lapidary {

/// The ending in lower case with its dot, ".npz"; empty if there is none.
std::string ending_of(const std::string& path);
/// `name` without `ending`, if it has it.
std::string without_ending(std::string_view name, std::string_view ending);
/// True for the endings that read_datum knows.
bool is_tensor_file(const std::string& path);
/// 3 for "input_3.pb" and the prefix "input".
std::optional<std::size_t> position_in_name(std::string_view file_name, std::string_view prefix);
/// A value's name as a file name without ending, and back: what a file name cannot hold stands as %2F.
std::string file_name_of(std::string_view value_name);
std::string value_name_of(std::string_view file_name);

}  // namespace lapidary
