#pragma once

#include <vector>

#include "engine/layout/layered.h"

namespace lapidary::layered {

/// Distances in pixels.
inline constexpr double item_gap = 28;      ///< between neighbours in a rank
inline constexpr double edge_gap = 14;      ///< between an edge that passes and its neighbours
inline constexpr double lane_gap = 14;      ///< between lanes at the side
inline constexpr double smallest_gap = 32;  ///< between ranks
inline constexpr double entry_gap = 22;     ///< below a header
inline constexpr double label_gap = 42;     ///< between ranks where a label stands

/// Drawings of up to so many vertices are worth the time that fewer crossings take.
inline constexpr std::size_t small_drawing = 3000;

/// An item, or a place where an edge passes through a rank.
struct Vertex {
  int item = -1;  ///< -1: an edge passes
  int rank = 0;
  int place = 0;  ///< in its rank, from the left
  double left = 0, right = 0, x = 0;
};

/// A piece of an edge as one of its ends sees it. Where the piece meets a vertex is given from the vertex'
/// left border (-0.5) to its right one (0.5).
struct Link {
  int vertex = 0;  ///< at the other end
  double here = 0, there = 0;
};
using Links = std::vector<std::vector<Link>>;  ///< by vertex

/// An edge that runs through adjacent ranks: the vertices from source to target. Edges in lanes have the two
/// ends only.
struct Path {
  std::vector<int> vertices;
  bool in_lane = false;
  bool skip = false;  ///< passes by something else that reads the same
  double lane_x = 0;
};

/// The working state that the steps of the layout hand on.
struct Drawing {
  const LayeredProblem& problem;
  std::vector<Vertex> vertices;  ///< the first ones are the items
  std::vector<std::vector<int>> ranks;
  Links above, below;               ///< to the ranks around
  std::vector<Path> paths;          ///< by edge
  std::vector<double> top, height;  ///< by rank
};

/// Gives every item a rank and every edge its path.
void assign_ranks(Drawing& drawing);
/// Orders the vertices in each rank so that few edges cross; gives how many still do.
std::size_t order_ranks(Drawing& drawing, const std::function<void()>& pause);
/// Gives vertices their x: edges as straight as can be, nothing overlapping.
void assign_x(Drawing& drawing);
/// Leads the long edges outside of what they pass, and sets their lanes' x.
void assign_lanes(Drawing& drawing);
/// Sets the ranks' y and draws the curves.
LayeredResult draw_routes(Drawing& drawing);

}  // namespace lapidary::layered
