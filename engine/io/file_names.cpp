#include "engine/io/file_names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <filesystem>

namespace lapidary {

std::string ending_of(const std::string& path) {
  std::string ending = std::filesystem::path(path).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending;
}

std::string without_ending(std::string_view name, std::string_view ending) {
  if (name.ends_with(ending)) name.remove_suffix(ending.size());
  return std::string(name);
}

bool is_tensor_file(const std::string& path) {
  static constexpr std::array<std::string_view, 3> endings = {".npy", ".pb", ".json"};
  return std::find(endings.begin(), endings.end(), ending_of(path)) != endings.end();
}

std::optional<std::size_t> position_in_name(std::string_view file_name, std::string_view prefix) {
  if (!file_name.starts_with(prefix) || !file_name.ends_with(".pb")) return std::nullopt;
  file_name.remove_prefix(prefix.size());
  file_name.remove_suffix(3);
  if (!file_name.starts_with('_')) return std::nullopt;
  std::size_t position = 0;
  const auto [end, error] =
      std::from_chars(file_name.data() + 1, file_name.data() + file_name.size(), position);
  if (error != std::errc() || end != file_name.data() + file_name.size()) return std::nullopt;
  return position;
}

namespace {
constexpr std::string_view hexadecimal = "0123456789ABCDEF";
}

std::string file_name_of(std::string_view value_name) {
  std::string name;
  for (const char c : value_name) {
    const auto code = static_cast<unsigned char>(c);
    const bool leading_dot = c == '.' && name.empty();
    if (c == '/' || c == '%' || c == '\\' || c == ':' || code < 0x20 || leading_dot)
      name += {'%', hexadecimal[code >> 4], hexadecimal[code & 15]};
    else
      name += c;
  }
  return name;
}

std::string value_name_of(std::string_view file_name) {
  std::string name;
  for (std::size_t i = 0; i < file_name.size(); ++i) {
    const std::size_t high = file_name[i] == '%' && i + 2 < file_name.size()
                                 ? hexadecimal.find(file_name[i + 1])
                                 : std::string_view::npos;
    const std::size_t low =
        high != std::string_view::npos ? hexadecimal.find(file_name[i + 2]) : std::string_view::npos;
    if (low == std::string_view::npos) {
      name += file_name[i];
    } else {
      name += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return name;
}

}  // namespace lapidary
