#include "engine/analysis/nested_graphs.h"

namespace lapidary {

NestedGraphs::NestedGraphs(const Model& model, const InferredTypes& types, const GraphIndex* index) {
  if (!model.graph) return;
  if (index && !types.has_function_bodies()) {
    for (const int position : index->nodes_with_subgraphs())
      add_inside_node(*model.graph->nodes[static_cast<std::size_t>(position)], position, nullptr, nullptr,
                      types);
  } else {
    add_inside(*model.graph, nullptr, types);
  }
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const NestedGraph place = all_[i];  // the list grows
    add_inside(*place.graph, &place, types);
  }
}

void NestedGraphs::add_inside(const Graph& graph, const NestedGraph* place, const InferredTypes& types) {
  int position = 0;
  for (const auto& node : graph.nodes)
    add_inside_node(*node, position++, place ? &graph : nullptr, place, types);
}

void NestedGraphs::add_inside_node(const Node& node, int position, const Graph* around,
                                   const NestedGraph* place, const InferredTypes& types) {
  const auto add = [&](const GraphPointer& inside, const std::string& name) {
    const std::string id = (place ? place->prefix : "") + std::to_string(position);
    if (!by_graph_.try_emplace(inside.get(), all_.size()).second) return;
    all_.push_back({inside.get(), around, position, place ? place->main_node : position,
                    id + "/" + name + "/", "node:" + id});
  };
  for (const auto& [name, subgraph] : subgraphs_of(node))
    if (subgraph) add(subgraph, name);
  if (const GraphPointer body = types.function_body(around, node)) add(body, "body");
}

const NestedGraph* NestedGraphs::find(const Graph* graph) const {
  const auto found = by_graph_.find(graph);
  return found == by_graph_.end() ? nullptr : &all_[found->second];
}

}  // namespace lapidary
