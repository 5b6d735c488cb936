#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

/// Who makes and who reads each value of one graph. Holds views into the graph: keep the snapshot alive.
class GraphIndex {
 public:
  explicit GraphIndex(const Graph& graph);

  struct Use {
    int node;  ///< position in graph.nodes
    int slot;  ///< position in the node's inputs or outputs
  };
  /// The node that makes `value`; node is -1 for graph inputs, initializers and unknown names.
  Use producer(std::string_view value) const;
  const std::vector<Use>& consumers(std::string_view value) const;
  /// The initializer of that name, or nullptr.
  const NamedTensor* initializer(std::string_view value) const;
  bool is_input(std::string_view value) const;
  bool is_output(std::string_view value) const;
  /// The declared type: of an input, output or value_info; nullptr if none is declared.
  const Type* declared_type(std::string_view value) const;

  /// Positions of the nodes so that each comes after all that it reads, subgraphs' outer reads included.
  /// Nodes on a cycle are left out.
  const std::vector<int>& topological_order() const { return order_; }

 private:
  void sort(const Graph& graph);

  struct Entry {
    Use producer{-1, -1};
    std::vector<Use> consumers;
    const NamedTensor* initializer = nullptr;
    const Type* type = nullptr;
    bool input = false, output = false;
  };
  const Entry* find(std::string_view value) const;
  std::unordered_map<std::string_view, Entry> entries_;
  std::vector<int> order_;
};

/// Names that `graph` (a subgraph) reads from the graphs around it, each once, in order of first use; nested
/// subgraphs included.
std::vector<std::string> outer_names(const Graph& graph);

}  // namespace lapidary
