#include "engine/model/function_body.h"

#include <algorithm>

namespace lapidary {
namespace {

/// What the call says for an attribute of the function; nullptr if neither call nor defaults say anything.
const Attribute* argument_for(const Function& function, const Node& call, const std::string& name) {
  if (const Attribute* given = call.find_attribute(name)) return given;
  const auto found = std::find_if(function.default_attributes.begin(), function.default_attributes.end(),
                                  [&](const Attribute& a) { return a.name == name; });
  return found == function.default_attributes.end() ? nullptr : &*found;
}

/// True for a formal input that the call does not give.
bool is_left_out(const Function& function, const Node& call, const std::string& input) {
  const auto formal = std::find(function.inputs.begin(), function.inputs.end(), input);
  const auto index = static_cast<std::size_t>(formal - function.inputs.begin());
  return formal != function.inputs.end() && (index >= call.inputs.size() || call.inputs[index].empty());
}

std::shared_ptr<const Node> bound_node(const Function& function, const Node& call,
                                       const std::shared_ptr<const Node>& node);

GraphPointer bound_graph(const Function& function, const Node& call, const GraphPointer& graph) {
  Graph result = *graph;
  auto nodes = graph->nodes.to_vector();
  for (auto& node : nodes) node = bound_node(function, call, node);
  result.nodes = PersistentVector(std::move(nodes));
  return std::make_shared<const Graph>(std::move(result));
}

std::shared_ptr<const Node> bound_node(const Function& function, const Node& call,
                                       const std::shared_ptr<const Node>& node) {
  const auto left_out = [&](const std::string& input) { return is_left_out(function, call, input); };
  const bool untouched =
      std::none_of(node->inputs.begin(), node->inputs.end(), left_out) &&
      std::all_of(node->attributes.begin(), node->attributes.end(), [](const Attribute& a) {
        return a.reference.empty() && a.type() != AttributeType::Graph && a.type() != AttributeType::Graphs;
      });
  if (untouched) return node;
  Node result = *node;
  for (auto& input : result.inputs)
    if (left_out(input)) input.clear();
  result.attributes.clear();
  for (const auto& attribute : node->attributes) {
    Attribute bound = attribute;
    if (!attribute.reference.empty()) {
      const Attribute* argument = argument_for(function, call, attribute.reference);
      if (!argument) continue;
      bound.value = argument->value;
      bound.reference = argument->reference;
      bound.declared_type = argument->declared_type;
    }
    if (auto* graph = std::get_if<GraphPointer>(&bound.value)) *graph = bound_graph(function, call, *graph);
    result.attributes.push_back(std::move(bound));
  }
  return std::make_shared<const Node>(std::move(result));
}

}  // namespace

GraphPointer instantiate(const Function& function, const Node& call) {
  Graph graph;
  graph.name = function.name;
  for (const auto& name : function.inputs) graph.inputs.push_back({name, {}, {}, {}, {}});
  for (const auto& name : function.outputs) graph.outputs.push_back({name, {}, {}, {}, {}});
  graph.value_infos = PersistentVector(function.value_infos);
  std::vector<std::shared_ptr<const Node>> nodes;
  for (const auto& node : function.nodes) nodes.push_back(bound_node(function, call, node));
  graph.nodes = PersistentVector(std::move(nodes));
  return std::make_shared<const Graph>(std::move(graph));
}

}  // namespace lapidary
