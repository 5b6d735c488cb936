#pragma once

#include <functional>
#include <vector>

#include "engine/analysis/hierarchy.h"
#include "engine/layout/layout.h"

namespace lapidary {

/// What a closed group is a picture of: its direct content in the order of the edges, from top to bottom, in
/// as few marks as a picture of a few pixels can hold. `hidden` tells the nodes that are not drawn, `kind`
/// what a node is. Cost grows linearly with the nodes inside.
Silhouette silhouette_of(const Graph& graph, const Hierarchy& hierarchy, int group,
                         const std::vector<bool>& hidden,
                         const std::function<OperatorKind(const Node&)>& kind);

}  // namespace lapidary
