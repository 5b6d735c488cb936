#include "engine/analysis/nested_graphs.h"

namespace lapidary {

NestedGraphs::NestedGraphs(const Model& model, const InferredTypes& types) {
  if (!model.graph) return;
  add_inside(*model.graph, nullptr, types);
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const NestedGraph place = all_[i];  // the list grows
    add_inside(*place.graph, &place, types);
  }
}

void NestedGraphs::add_inside(const Graph& graph, const NestedGraph* place, const InferredTypes& types) {
  const Graph* around = place ? &graph : nullptr;
  const std::string prefix = place ? place->prefix : "";
  int position = 0;
  for (const auto& node : graph.nodes) {
    const std::string id = prefix + std::to_string(position);
    const auto add = [&](const GraphPointer& inside, const std::string& name) {
      if (!inside || !by_graph_.try_emplace(inside.get(), all_.size()).second) return;
      all_.push_back({inside.get(), around, position, place ? place->main_node : position,
                      id + "/" + name + "/", "node:" + id});
    };
    for (const auto& [name, subgraph] : subgraphs_of(*node)) add(subgraph, name);
    add(types.function_body(around, *node), "body");
    ++position;
  }
}

const NestedGraph* NestedGraphs::find(const Graph* graph) const {
  const auto found = by_graph_.find(graph);
  return found == by_graph_.end() ? nullptr : &all_[found->second];
}

}  // namespace lapidary
