#include "tests/support/drawing_quality.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace lapidary::test {
namespace {

/// Edges that leave or enter one box together part within so many pixels of it.
constexpr double meeting = 12;
/// Crossings of two edges nearer to each other than this are one: the two touch.
constexpr double one_place = 6;

struct Segment {
  int edge;
  Point a, b;
  double top() const { return std::min(a.y, b.y); }
  double bottom() const { return std::max(a.y, b.y); }
};

double distance(Point a, Point b) { return std::hypot(a.x - b.x, a.y - b.y); }

double side(Point a, Point b, Point p) { return (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x); }

/// On which side of a line through two points another lies: -1, 1, or 0 on the line itself.
int side_of_line(Point a, Point b, Point p) {
  constexpr double on_the_line = 1e-3;
  const double away = side(a, b, p) / std::max(distance(a, b), 1e-9);
  return away > on_the_line ? 1 : away < -on_the_line ? -1 : 0;
}

/// Where two segments cross. Edges that run along each other, and part again, only touch.
std::optional<Point> crossing(const Segment& s, const Segment& t) {
  if (side_of_line(s.a, s.b, t.a) * side_of_line(s.a, s.b, t.b) >= 0) return {};
  if (side_of_line(t.a, t.b, s.a) * side_of_line(t.a, t.b, s.b) >= 0) return {};
  const double a = side(s.a, s.b, t.a), b = side(s.a, s.b, t.b), share = a / (a - b);
  return Point{t.a.x + (t.b.x - t.a.x) * share, t.a.y + (t.b.y - t.a.y) * share};
}

/// Calls visit(s, t) for the pairs of segments of different edges whose heights overlap.
template <class Visit>
void for_each_pair(std::vector<Segment> segments, Visit visit) {
  std::sort(segments.begin(), segments.end(),
            [](const Segment& a, const Segment& b) { return a.top() < b.top(); });
  std::vector<const Segment*> open;
  for (const Segment& segment : segments) {
    std::erase_if(open, [&](const Segment* other) { return other->bottom() < segment.top(); });
    for (const Segment* other : open) {
      if (other->edge != segment.edge) visit(*other, segment);
    }
    open.push_back(&segment);
  }
}

std::size_t count_crossings(const FlatDrawing& drawing, const std::vector<Segment>& segments) {
  std::map<std::pair<int, int>, std::vector<Point>> places;
  for_each_pair(segments, [&](const Segment& s, const Segment& t) {
    const auto at = crossing(s, t);
    if (!at) return;
    const auto& first = drawing.edges[static_cast<std::size_t>(s.edge)];
    const auto& second = drawing.edges[static_cast<std::size_t>(t.edge)];
    // Edges of one source or one target begin or end as one.
    if (first.from == second.from && distance(*at, first.points.front()) < meeting) return;
    if (first.to == second.to && distance(*at, first.points.back()) < meeting) return;
    auto& found = places[std::minmax(s.edge, t.edge)];
    if (std::none_of(found.begin(), found.end(), [&](Point p) { return distance(p, *at) < one_place; }))
      found.push_back(*at);
  });
  std::size_t count = 0;
  for (const auto& [edges, found] : places) count += found.size();
  return count;
}

bool runs_across(const FlatDrawing::Edge& edge, const Rectangle& box) {
  constexpr double inset = 2;
  const Rectangle inside{box.x + inset, box.y + inset, box.width - 2 * inset, box.height - 2 * inset};
  if (inside.width <= 0 || inside.height <= 0) return false;
  for (std::size_t i = 0; i + 1 < edge.points.size(); ++i) {
    const Point a = edge.points[i], b = edge.points[i + 1];
    const int steps = std::max(1, static_cast<int>(distance(a, b) / 4));
    if (std::max(a.y, b.y) < inside.y || std::min(a.y, b.y) > inside.y + inside.height) continue;
    for (int step = 0; step <= steps; ++step) {
      const double t = static_cast<double>(step) / steps;
      if (inside.contains({a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t})) return true;
    }
  }
  return false;
}

std::size_t count_bends(const std::vector<Point>& points) {
  constexpr double least = 15 * 3.14159265 / 180;
  std::size_t bends = 0;
  double turned = 0;
  for (std::size_t i = 1; i + 1 < points.size(); ++i) {
    const Point a = points[i - 1], b = points[i], c = points[i + 1];
    const double along = (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y);
    const double angle = std::atan2(side(a, b, c), along);
    if (angle * turned < 0) turned = 0;
    if (std::abs(turned) <= least && std::abs(turned + angle) > least) ++bends;
    turned += angle;
  }
  return bends;
}

}  // namespace

std::vector<Point> flattened(const std::vector<Point>& bezier, int steps) {
  std::vector<Point> points;
  if (!bezier.empty()) points.push_back(bezier.front());
  for (std::size_t i = 0; i + 3 < bezier.size(); i += 3) {
    for (int step = 1; step <= steps; ++step) {
      const double t = static_cast<double>(step) / steps, u = 1 - t;
      const double w[] = {u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t};
      Point p;
      for (std::size_t k = 0; k < 4; ++k) {
        p.x += w[k] * bezier[i + k].x;
        p.y += w[k] * bezier[i + k].y;
      }
      if (distance(p, points.back()) > 1e-6) points.push_back(p);
    }
  }
  return points;
}

FlatDrawing flattened(const Layout& layout) {
  FlatDrawing drawing{{}, {}, layout.width, layout.height};
  for (const Box& box : layout.boxes) drawing.boxes.push_back(box.open ? Rectangle{} : box.rectangle);
  for (const Curve& curve : layout.curves)
    drawing.edges.push_back({curve.from, curve.to, flattened(curve.points)});
  return drawing;
}

DrawingQuality quality_of(const FlatDrawing& drawing) {
  DrawingQuality quality;
  std::vector<Segment> segments;
  for (std::size_t e = 0; e < drawing.edges.size(); ++e) {
    const FlatDrawing::Edge& edge = drawing.edges[e];
    for (std::size_t i = 0; i + 1 < edge.points.size(); ++i) {
      segments.push_back({static_cast<int>(e), edge.points[i], edge.points[i + 1]});
      quality.length += distance(edge.points[i], edge.points[i + 1]);
    }
    quality.bends += count_bends(edge.points);
    for (std::size_t b = 0; b < drawing.boxes.size(); ++b) {
      const bool own = static_cast<int>(b) == edge.from || static_cast<int>(b) == edge.to;
      if (!own && runs_across(edge, drawing.boxes[b])) ++quality.covered;
    }
  }
  quality.crossings = count_crossings(drawing, segments);
  quality.area = drawing.width * drawing.height;
  return quality;
}

}  // namespace lapidary::test
