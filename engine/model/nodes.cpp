#include "engine/model/nodes.h"

#include <algorithm>

#include "engine/model/names.h"

namespace lapidary {

bool is_standard(const Node& node, std::string_view op_type) {
  return node.op_type == op_type && normalized_domain(node.domain).empty();
}

const std::string& input_or_empty(const Node& node, std::size_t index) {
  static const std::string none;
  return index < node.inputs.size() ? node.inputs[index] : none;
}

bool has_reference(const Node& node) {
  if (std::any_of(node.attributes.begin(), node.attributes.end(),
                  [](const Attribute& a) { return !a.reference.empty(); }))
    return true;
  for (const auto& [name, body] : subgraphs_of(node))
    for (const auto& inner : body->nodes)
      if (has_reference(*inner)) return true;
  return false;
}

Attribute make_attribute(std::string name, AttributeValue value) {
  Attribute attribute;
  attribute.name = std::move(name);
  attribute.value = std::move(value);
  return attribute;
}

void set_attribute(Node& node, const std::string& name, AttributeValue value) {
  for (auto& attribute : node.attributes)
    if (attribute.name == name) {
      attribute = make_attribute(name, std::move(value));
      return;
    }
  node.attributes.push_back(make_attribute(name, std::move(value)));
}

void remove_attribute(Node& node, std::string_view name) {
  std::erase_if(node.attributes, [&](const Attribute& a) { return a.name == name; });
}

Node node_like(const Node& original, std::string op_type, std::vector<std::string> inputs,
               std::vector<std::string> outputs, std::vector<Attribute> attributes) {
  Node node;
  node.name = original.name;
  node.op_type = std::move(op_type);
  node.inputs = std::move(inputs);
  node.outputs = std::move(outputs);
  node.attributes = std::move(attributes);
  node.doc_string = original.doc_string;
  node.metadata = original.metadata;
  return node;
}

bool defines_name(const Graph& graph, std::string_view name) {
  if (defines(graph, name)) return true;
  for (const auto& node : graph.nodes)
    for (const auto& [attribute, body] : subgraphs_of(*node))
      if (defines_name(*body, name)) return true;
  return false;
}

}  // namespace lapidary
