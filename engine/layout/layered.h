#pragma once

#include <functional>
#include <vector>

#include "engine/layout/layout.h"

namespace lapidary {

/// The content of one box, to be laid out from top to bottom by itself: boxes, the places where edges come in
/// through the upper border (entries) and go out through the lower one (exits), and the edges between all of
/// these.
struct LayeredProblem {
  enum class Role : std::uint8_t { Box, Entry, Exit };
  /// Extents are measured from the item's anchor, the x that straight chains align.
  struct Item {
    Role role = Role::Box;
    double left = 0, right = 0, height = 0;
    int place = -1;  ///< of an entry or exit: its place among these from the left; -1 where it crosses least
  };
  struct Edge {
    int from = 0, to = 0;         ///< items
    double from_x = 0, to_x = 0;  ///< where the edge must end, from the anchors; only if fixed
    bool from_fixed = false, to_fixed = false;
    double label_width = 0;
  };
  std::vector<Item> items;  ///< boxes in their natural order, as the model lists them
  std::vector<Edge> edges;
  double header_height = 0, header_width = 0;  ///< room for a title at the upper left
  double padding = 16;
  bool quick = false;  ///< a first order will do
};

/// Places relative to the upper left corner of the surrounding box.
struct LayeredResult {
  struct Route {
    std::vector<Point> points;  ///< cubic Bézier segments, 3·n + 1 points
    Point label;                ///< left end of the label's middle line
    bool skip = false;          ///< runs at the side
  };
  std::vector<Point> places;  ///< anchor x and upper y of each item
  std::vector<Route> routes;  ///< by edge
  double width = 0, height = 0;
  std::size_t crossings = 0;  ///< of edges between the ranks
};

/// Layered drawing after Sugiyama: ranks with short edges, crossings reduced by median sweeps, coordinates
/// after Brandes and Köpf. In large problems, long edges that pass by what their source also feeds run in
/// lanes at the side, one lane a source, and less is tried against crossings, so that the cost grows linearly
/// with items and edges. `pause` is called now and then, and may throw to stop.
LayeredResult layered_layout(const LayeredProblem& problem, const std::function<void()>& pause);

}  // namespace lapidary
