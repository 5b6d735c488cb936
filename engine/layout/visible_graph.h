#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "engine/layout/layout.h"

namespace lapidary {

/// What is to be seen of a model: boxes with titles and sizes, each inside its parent, and the connections
/// between them.
struct VisibleGraph {
  struct Connection {
    int from = 0, to = 0;  ///< boxes
    std::string value;
    int values = 1;
    std::string label;
  };
  std::vector<Box> boxes;                  ///< parents before their children
  std::vector<std::vector<int>> children;  ///< by box, in natural order
  std::vector<int> top_level;
  std::vector<Connection> connections;  ///< one for each pair of boxes
  std::vector<Silhouette> silhouettes;
  std::vector<int> box_of_main_node;
};

VisibleGraph visible_graph(const Model& model, const Hierarchy& hierarchy, const InferredTypes& types,
                           const LayoutOptions& options);

}  // namespace lapidary
