#include "engine/analysis/source_line.h"

#include <charconv>
#include <sstream>
#include <string_view>

#include "engine/analysis/scopes.h"

namespace lapidary {
namespace {

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1));
}

/// Reads `File "model.py", line 12, in forward`.
std::optional<SourceLine> parse_place(std::string_view text) {
  constexpr std::string_view before_file = "File \"", before_line = "\", line ", before_function = ", in ";
  if (!text.starts_with(before_file)) return std::nullopt;
  const std::size_t file_end = text.rfind(before_line);
  if (file_end == std::string_view::npos) return std::nullopt;
  SourceLine place;
  place.file = text.substr(before_file.size(), file_end - before_file.size());
  text.remove_prefix(file_end + before_line.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), place.line);
  if (error != std::errc() || place.line < 1) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with(before_function)) place.function = text.substr(before_function.size());
  return place;
}

bool is_inside_torch(const SourceLine& place) {
  return place.file.find("/site-packages/torch/") != std::string::npos ||
         place.file.find("/dist-packages/torch/") != std::string::npos ||
         place.file.find("/torch/nn/modules/") != std::string::npos;
}

}  // namespace

std::optional<SourceLine> source_line(const Node& node) {
  const std::string* trace = find_metadata(node, "pkg.torch.onnx.stack_trace");
  if (!trace) return std::nullopt;
  std::optional<SourceLine> innermost, own;
  SourceLine* before = nullptr;  // a place's code stands on the line below it
  std::istringstream lines(*trace);
  for (std::string line; std::getline(lines, line);) {
    const std::string text = trimmed(line);
    if (auto place = parse_place(text)) {
      std::optional<SourceLine>& kept = is_inside_torch(*place) ? innermost : own;
      kept = std::move(place);
      before = &*kept;
    } else if (before) {
      before->code = text;
      before = nullptr;
    }
  }
  return own ? own : innermost;
}

}  // namespace lapidary
