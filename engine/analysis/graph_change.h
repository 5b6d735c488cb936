#pragma once

#include <string>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

/// What an edit changed of a graph. Holds pointers into both graphs.
struct GraphChange {
  /// By position before: the position after, or -1 for a node that is gone. What both graphs share at their
  /// beginnings and ends stands there; between, nodes are known by their labels, and one that was renamed by
  /// its place.
  std::vector<int> now;
  struct Touched {
    int node = -1;                 ///< position after
    const Node* before = nullptr;  ///< what stood for it; nullptr for one that is new
  };
  std::vector<Touched> touched;  ///< nodes that are new or other than before, by position
  struct Gone {
    int node = -1;  ///< position before
    const Node* before = nullptr;
  };
  std::vector<Gone> gone;
  /// Names of inputs, outputs, initializers and declared types that came, went or changed.
  std::vector<std::string> values;
};
GraphChange change_between(const Graph& from, const Graph& to);

/// True if both nodes do the same work on the same values: what they are called and told besides is nothing
/// to modules and structure.
bool is_wired_alike(const Node& a, const Node& b);

}  // namespace lapidary
