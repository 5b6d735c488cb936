#include "engine/analysis/every_node.h"

namespace lapidary {
namespace {

struct Visitor {
  std::function<void(const Node&, const Function*)> node;
  std::function<void(const Graph&)> graph;

  void enter(const Node& visited, const Function* function) const {
    if (node) node(visited, function);
    for (const auto& attribute : visited.attributes) {
      if (const auto* body = std::get_if<GraphPointer>(&attribute.value)) enter(*body, function);
      if (const auto* bodies = std::get_if<std::vector<GraphPointer>>(&attribute.value))
        for (const auto& body : *bodies) enter(body, function);
    }
  }
  void enter(const GraphPointer& visited, const Function* function) const {
    if (!visited) return;
    if (graph) graph(*visited);
    for (const auto& inner : visited->nodes) enter(*inner, function);
  }
  void enter(const Model& model) const {
    enter(model.graph, nullptr);
    for (const auto& function : model.functions)
      for (const auto& inner : function->nodes) enter(*inner, function.get());
  }
};

}  // namespace

void for_each_node(const Model& model, const std::function<void(const Node&, const Function*)>& visit) {
  Visitor{visit, {}}.enter(model);
}

void for_each_graph(const Model& model, const std::function<void(const Graph&)>& visit) {
  Visitor{{}, visit}.enter(model);
}

std::int64_t opset_within(const Model& model, const Function* function, std::string_view domain) {
  if (function)
    for (const auto& import : function->opset_imports)
      if (normalized_domain(import.domain) == normalized_domain(domain)) return import.version;
  return model.opset(domain);
}

}  // namespace lapidary
