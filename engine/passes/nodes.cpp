#include "engine/passes/nodes.h"

#include <algorithm>

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

namespace {

bool defines_here(const Graph& graph, std::string_view name) {
  const auto is_it = [&](const auto& value) { return value.name == name; };
  if (std::any_of(graph.inputs.begin(), graph.inputs.end(), is_it)) return true;
  for (const auto& tensor : graph.initializers)
    if (tensor->name == name) return true;
  for (const auto& tensor : graph.sparse_initializers)
    if (tensor->name == name) return true;
  for (const auto& node : graph.nodes)
    if (std::find(node->outputs.begin(), node->outputs.end(), name) != node->outputs.end()) return true;
  return false;
}

}  // namespace

bool defines_name(const Graph& graph, std::string_view name) {
  if (defines_here(graph, name)) return true;
  for (const auto& node : graph.nodes)
    for (const auto& [attribute, body] : subgraphs_of(*node))
      if (defines_name(*body, name)) return true;
  return false;
}

GraphPointer with_outer_name(const GraphPointer& body, const std::string& from, const std::string& to) {
  if (defines_here(*body, from)) return body;
  Graph result = *body;
  auto nodes = body->nodes.to_vector();
  for (auto& node : nodes) node = std::make_shared<const Node>(with_reads_renamed(*node, from, to));
  result.nodes = PersistentVector(std::move(nodes));
  for (auto& output : result.outputs)
    if (output.name == from) output.name = to;
  return std::make_shared<const Graph>(std::move(result));
}

Node with_reads_renamed(const Node& node, const std::string& from, const std::string& to) {
  Node result = node;
  std::replace(result.inputs.begin(), result.inputs.end(), from, to);
  for (auto& attribute : result.attributes) {
    if (auto* body = std::get_if<GraphPointer>(&attribute.value)) *body = with_outer_name(*body, from, to);
    if (auto* bodies = std::get_if<std::vector<GraphPointer>>(&attribute.value))
      for (auto& body : *bodies) body = with_outer_name(body, from, to);
  }
  return result;
}

}  // namespace lapidary
