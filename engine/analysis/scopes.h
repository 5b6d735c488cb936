#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

/// Where an exporter says that a node belongs: modules from the outermost to the innermost, the node itself
/// left out.
struct Scope {
  std::vector<std::string> names;
  std::vector<std::string> classes;  ///< "torch.nn.modules.linear.Linear"; as many as names, or none
};

/// The node's metadata of that key; nullptr if it has none.
const std::string* find_metadata(const Node& node, std::string_view key);

/// The strings of a Python list literal of strings, "['', 'network', \"it's\"]"; nothing if the text is
/// anything else.
std::optional<std::vector<std::string>> parse_python_strings(std::string_view text);

/// From the metadata of PyTorch's dynamo exporter (`pkg.torch.onnx.name_scopes` with `class_hierarchy`, else
/// `namespace`); nothing if the node has none.
std::optional<Scope> scope_from_metadata(const Node& node);

/// From the node's name: "/layer1/layer1.0/conv1/Conv" lies in layer1, layer1.0, conv1; "/Add" in no module.
/// Nothing if the name says nothing about modules ("Identity_0").
std::optional<Scope> scope_from_name(const Node& node);

}  // namespace lapidary
