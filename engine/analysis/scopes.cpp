#include "engine/analysis/scopes.h"

#include <algorithm>

namespace lapidary {
namespace {

/// Deeper scopes than this are cut: they are no modules, and paths of unbounded depth cost quadratic space.
constexpr std::size_t deepest_scope = 64;

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (parts.size() < deepest_scope + 2) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

/// Exporters write whole paths ("layers.3.attention"); inside "layers.3" that reads "attention". A bare
/// number says too little, so "network.0" inside "network" stays.
std::string shortened(const std::string& name, const std::string& parent) {
  if (parent.empty() || name.size() <= parent.size() + 1 || !name.starts_with(parent) ||
      name[parent.size()] != '.')
    return name;
  const std::string rest = name.substr(parent.size() + 1);
  if (rest[0] < '0' || rest[0] > '9') return rest;
  const std::size_t dot = parent.rfind('.');
  return (dot == std::string::npos ? parent : parent.substr(dot + 1)) + "." + rest;
}

/// Drops the unnamed model in front and the node itself at the end.
Scope modules_of(const std::vector<std::string>& paths, const std::vector<std::string>& classes) {
  Scope scope;
  std::string parent;
  for (std::size_t i = 0; i + 1 < paths.size() && scope.names.size() < deepest_scope; ++i) {
    if (paths[i].empty()) continue;
    scope.names.push_back(shortened(paths[i], parent));
    if (classes.size() == paths.size()) scope.classes.push_back(classes[i]);
    parent = paths[i];
  }
  return scope;
}

/// One character of a Python string after a backslash; advances past it.
void append_escaped(std::string_view text, std::size_t& at, std::string& to) {
  constexpr std::string_view letters = "ntr0", meanings{"\n\t\r\0", 4};
  const char letter = text[at++];
  const std::size_t index = letters.find(letter);
  to += index == std::string_view::npos ? letter : meanings[index];
}

}  // namespace

const std::string* find_metadata(const Node& node, std::string_view key) {
  for (const auto& [name, value] : node.metadata) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::optional<std::vector<std::string>> parse_python_strings(std::string_view text) {
  std::vector<std::string> strings;
  std::size_t at = 0;
  const auto skip_spaces = [&] {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t')) ++at;
    return at < text.size();
  };
  if (!skip_spaces() || text[at++] != '[' || !skip_spaces()) return std::nullopt;
  while (text[at] != ']') {
    const char quote = text[at++];
    if (quote != '\'' && quote != '"') return std::nullopt;
    std::string string;
    while (at < text.size() && text[at] != quote) {
      if (text[at] != '\\') {
        string += text[at++];
      } else if (++at < text.size()) {
        append_escaped(text, at, string);
      }
    }
    if (at++ >= text.size()) return std::nullopt;
    strings.push_back(std::move(string));
    if (!skip_spaces()) return std::nullopt;
    if (text[at] == ',') {
      ++at;
      if (!skip_spaces()) return std::nullopt;
    } else if (text[at] != ']') {
      return std::nullopt;
    }
  }
  return strings;
}

std::optional<Scope> scope_from_metadata(const Node& node) {
  if (node.metadata.empty()) return std::nullopt;
  if (const std::string* names = find_metadata(node, "pkg.torch.onnx.name_scopes")) {
    if (const auto paths = parse_python_strings(*names)) {
      const std::string* classes = find_metadata(node, "pkg.torch.onnx.class_hierarchy");
      return modules_of(*paths, classes ? parse_python_strings(*classes).value_or(std::vector<std::string>{})
                                        : std::vector<std::string>{});
    }
  }
  const std::string* spaces = find_metadata(node, "namespace");
  if (!spaces) return std::nullopt;
  std::vector<std::string> paths, classes;
  for (const std::string& part : split(*spaces, '/')) {  // "network.0: torch.nn.modules.linear.Linear"
    const std::size_t colon = part.find(": ");
    paths.push_back(part.substr(0, colon));
    classes.push_back(colon == std::string::npos ? "" : part.substr(colon + 2));
  }
  return modules_of(paths, classes);
}

std::optional<Scope> scope_from_name(const Node& node) {
  std::string_view name = node.name;
  if (name.find('/') == std::string_view::npos) return std::nullopt;
  if (name.front() == '/') name.remove_prefix(1);
  Scope scope;
  scope.names = split(name, '/');
  scope.names.pop_back();
  std::erase(scope.names, "");
  return scope;
}

}  // namespace lapidary
