#pragma once

#include <vector>

#include "engine/layout/layout.h"

namespace lapidary {

/// Which groups and nodes of the main graph stand as boxes, parents before children, siblings in graph order.
struct GroupBoxes {
  struct Part {
    int node = -1;    ///< or
    int group = -1;   ///< a group, the first of the row if repeats > 1
    int parent = -1;  ///< index of the part around it
    bool open = false;
    int repeats = 1;
    int last_group = -1;  ///< of the row
    int node_count = 0;
  };
  std::vector<Part> parts;
  std::vector<int> part_of_group;  ///< by group: the part that shows it, itself or a closed one around it
};

/// `hidden` tells the nodes that are not drawn.
GroupBoxes group_boxes(const Hierarchy& hierarchy, const std::vector<bool>& hidden,
                       const LayoutOptions& options);

}  // namespace lapidary
