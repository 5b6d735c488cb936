#pragma once

#include <cstddef>
#include <vector>

#include "engine/layout/layout.h"

namespace lapidary::test {

/// A drawing reduced to what its quality can be judged by: a polyline an edge, and the boxes that edges
/// should keep clear of.
struct FlatDrawing {
  struct Edge {
    int from = -1, to = -1;  ///< indices of boxes
    std::vector<Point> points;
  };
  std::vector<Edge> edges;
  std::vector<Rectangle> boxes;  ///< without size where edges may pass: open groups
  double width = 0, height = 0;
};

/// What one likes to be small.
struct DrawingQuality {
  std::size_t crossings = 0;  ///< places where two edges cross; not where they leave or meet in one box
  std::size_t covered = 0;    ///< pairs of an edge and a box that it runs across
  std::size_t bends = 0;  ///< turns by more than 15°, counted once each time the edge turns the other way
  double length = 0;      ///< of all edges, in pixels
  double area = 0;        ///< in square pixels
};

/// Points on a chain of cubic Bézier segments (3·n + 1 points), `steps` for each segment: an odd number, so
/// that no point lies in the middle, where other edges pass.
std::vector<Point> flattened(const std::vector<Point>& bezier, int steps = 13);
FlatDrawing flattened(const Layout& layout);
DrawingQuality quality_of(const FlatDrawing& drawing);

}  // namespace lapidary::test
