#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "engine/analysis/check_parts.h"

namespace lapidary {
namespace {

constexpr std::array<std::string_view, 5> known_keys = {"location", "offset", "length", "checksum",
                                                        "basepath"};

/// A number of bytes, or nothing where the text is none.
std::optional<std::int64_t> byte_count(const std::string& text) {
  std::int64_t number = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc() || end != last || number < 0) return std::nullopt;
  return number;
}

/// A path below the model's folder, written as the standard wants it.
bool is_below_folder(const std::string& location) {
  if (location.starts_with('/') || location.find('\0') != std::string::npos) return false;
  for (std::size_t begin = 0; begin <= location.size();) {
    const std::size_t end = std::min(location.find('/', begin), location.size());
    if (location.substr(begin, end - begin) == "..") return false;
    begin = end + 1;
  }
  return true;
}

bool is_sha1(const std::string& text) {
  return text.size() == 40 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c); });
}

/// What is wrong with one entry, or nothing.
std::string entry_problem(const std::string& key, const std::string& value, const Tensor& tensor) {
  const std::string shown = "the " + key + " of its external data, '" + value + "', ";
  if (std::find(known_keys.begin(), known_keys.end(), key) == known_keys.end())
    return "its external data has the entry '" + key + "', which the standard does not know";
  if (key == "location" && !is_below_folder(value)) return shown + "is not a file in the model's folder";
  if (key == "checksum" && !is_sha1(value)) return shown + "is no SHA-1 sum";
  if (key != "offset" && key != "length") return {};
  const auto number = byte_count(value);
  if (!number) return shown + "is not a number of bytes";
  if (key == "length" && *number != static_cast<std::int64_t>(tensor.size_bytes()))
    return shown + "is not that of " + to_string(tensor.full_type()) + ", " +
           std::to_string(tensor.size_bytes());
  return {};
}

}  // namespace

std::vector<std::string> external_data_problems(const Metadata& entries, const Tensor& tensor) {
  std::vector<std::string> messages;
  if (entries.empty()) return messages;
  if (tensor.is_string()) messages.push_back("strings cannot be external data");
  std::set<std::string_view> keys;
  bool has_location = false;
  for (const auto& [key, value] : entries) {
    if (!keys.insert(key).second) messages.push_back("its external data names '" + key + "' twice");
    has_location = has_location || (key == "location" && !value.empty());
    if (auto problem = entry_problem(key, value, tensor); !problem.empty())
      messages.push_back(std::move(problem));
  }
  if (!has_location) messages.push_back("its external data has no location");
  return messages;
}

}  // namespace lapidary
