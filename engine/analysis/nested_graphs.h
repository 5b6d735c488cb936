#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "engine/analysis/inferred_types.h"

namespace lapidary {

/// A graph that stands inside a node: a branch of an If, the body of a loop or of a function's call.
struct NestedGraph {
  const Graph* graph = nullptr;
  const Graph* around = nullptr;  ///< that holds the node; nullptr for the main graph
  int node = -1;                  ///< position in `around`
  int main_node = -1;             ///< position in the main graph of the node that all this stands in
  std::string prefix;             ///< "12/then_branch/": begins the ids of the boxes inside (see Box::id)
  /// What LayoutOptions::open takes for the node around: "node:12".
  std::string part;
};

/// Every graph inside a model's nodes, at any depth, those around before those inside. The pointers live as
/// long as the model and its types.
class NestedGraphs {
 public:
  NestedGraphs() = default;
  /// `index`: of the model's main graph, where the caller has one.
  NestedGraphs(const Model& model, const InferredTypes& types, const GraphIndex* index = nullptr);

  const std::vector<NestedGraph>& all() const { return all_; }
  /// Where a graph stands; nullptr for the main graph, nullptr and what is not of this model.
  const NestedGraph* find(const Graph* graph) const;

 private:
  void add_inside(const Graph& graph, const NestedGraph* place, const InferredTypes& types);
  void add_inside_node(const Node& node, int position, const Graph* around, const NestedGraph* place,
                       const InferredTypes& types);

  std::vector<NestedGraph> all_;
  std::unordered_map<const Graph*, std::size_t> by_graph_;
};

}  // namespace lapidary
