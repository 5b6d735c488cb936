#pragma once

#include <vector>

#include "engine/model/model.h"

namespace lapidary {

/// Which nodes of one graph feed which, by position.
struct Wiring {
  /// Nodes that a node reads from, each once, in order of its inputs; what subgraphs read from outside
  /// included.
  std::vector<std::vector<int>> producers;
  /// Nodes that read from a node, each once, in graph order.
  std::vector<std::vector<int>> consumers;
  /// Nodes that only make constants: Constant, and what is computed from nothing but initializers and such. A
  /// node that makes a graph output is none.
  std::vector<bool> constant;
};

/// True if the node makes constants once all its inputs are constants: it has no subgraph and is not random.
bool can_make_constants(const Node& node);

Wiring wiring_of(const Graph& graph);

}  // namespace lapidary
