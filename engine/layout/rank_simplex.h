#pragma once

#include <vector>

namespace lapidary::layered {

/// What ranks are asked for: each edge leads at least one rank down, and its length costs its weight.
struct RankEdge {
  int from = 0, to = 0, weight = 1;
};

/// Ranks of the least total cost, by network simplex (Gansner et al. 1993), from `rank`, which must keep all
/// edges; every vertex must be connected to the others. Stops early, with ranks that still keep all edges,
/// where it would take too many steps.
void shorten_edges(const std::vector<RankEdge>& edges, std::vector<int>& rank);

}  // namespace lapidary::layered
