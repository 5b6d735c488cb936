#include "engine/model/edit.h"

namespace lapidary {

ModelPointer with_graph(const Model& model, Graph graph) {
  Model changed = model;
  changed.graph = std::make_shared<const Graph>(std::move(graph));
  return std::make_shared<const Model>(std::move(changed));
}

ModelPointer with_node(const Model& model, std::size_t index, Node node) {
  Graph graph = *model.graph;
  graph.nodes = graph.nodes.with(index, std::make_shared<const Node>(std::move(node)));
  return with_graph(model, std::move(graph));
}

}  // namespace lapidary
