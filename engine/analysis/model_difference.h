#pragma once

#include <string>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

/// A node of a graph by position, and what it is called.
struct NodePlace {
  int position = -1;
  std::string label, op_type;
};

/// A node of each of two graphs that are taken for the same.
struct NodePair {
  NodePlace before, after;
  std::string reason;                    ///< "same name", "same output", "same neighbours"
  std::vector<std::string> differences;  ///< "kernel_shape: [3, 3] → [1, 1]"; none: the same
};

/// How a graph became another.
struct GraphDifference {
  std::string path;             ///< where it lies: empty for the main graph, else "node 'loop', body"
  std::vector<NodePair> pairs;  ///< by position before
  std::vector<NodePlace> removed, added;
  std::vector<std::string> interface;  ///< inputs and outputs that are not as they were
};

/// An initializer that is not the same in both models.
struct WeightDifference {
  std::string name, graph;             ///< `graph` as GraphDifference::path
  bool before = false, after = false;  ///< which models have it
  std::string description;  ///< "float32 64 × 3 × 7 × 7 → float16 64 × 3 × 7 × 7", "3 of 64 elements differ"
  double max_absolute = 0;  ///< largest difference of two elements
};

/// What two models do not have in common.
struct ModelDifference {
  std::vector<std::string> properties;  ///< operator sets, IR, producer, metadata, functions
  std::vector<GraphDifference> graphs;  ///< the main graph first; bodies of paired nodes where they differ
  std::vector<WeightDifference> weights;

  bool equal() const;
};

/// Nodes are matched by their names, then by the values that they make, then by their neighbours: the same
/// operator between nodes that are matched. Linear in the number of nodes.
ModelDifference difference_between(const Model& before, const Model& after);

}  // namespace lapidary
