#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/layout/layered_graph.h"

namespace lapidary::layered {
namespace {

using Role = LayeredProblem::Role;

/// Where the edges end on their items' borders, as distances from the anchors; by edge.
struct Ports {
  std::vector<double> from, to;
};

struct End {
  std::size_t edge;
  double coming_x;  ///< where the edge goes to or comes from next
  bool in_lane;
};

/// Spreads ends along a border: a straight edge keeps the middle, the others go to their side of it.
void spread(std::vector<End>& ends, const Vertex& vertex, std::vector<double>& offsets) {
  std::stable_sort(ends.begin(), ends.end(),
                   [](const End& a, const End& b) { return a.coming_x < b.coming_x; });
  std::size_t middle = ends.size();
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (!ends[i].in_lane && std::abs(ends[i].coming_x - vertex.x) < 1) middle = i;
  }
  const double room = std::max(std::min(vertex.left, vertex.right) - 14, 0.0);
  const auto count = static_cast<double>(ends.size());
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto at = static_cast<double>(i);
    if (middle < ends.size()) {
      const double most = std::max(static_cast<double>(middle), count - 1 - static_cast<double>(middle));
      const double step = most > 0 ? std::min(24.0, room / most) : 0;
      offsets[ends[i].edge] = (at - static_cast<double>(middle)) * step;
    } else {
      const double step = count > 1 ? std::min(24.0, 2 * room / (count - 1)) : 0;
      offsets[ends[i].edge] = (at - (count - 1) / 2) * step;
    }
  }
}

Ports find_ports(const Drawing& drawing) {
  const LayeredProblem& problem = drawing.problem;
  Ports ports{std::vector<double>(problem.edges.size()), std::vector<double>(problem.edges.size())};
  std::vector<std::vector<End>> incoming(problem.items.size());
  for (std::size_t e = 0; e < problem.edges.size(); ++e) {
    const auto& edge = problem.edges[e];
    const Path& path = drawing.paths[e];
    const Vertex& from = drawing.vertices[edge.from];
    ports.from[e] = edge.from_x;
    ports.to[e] = edge.to_x;
    // What leaves a box is one value mostly: it leaves at one point, and turns to the side only to skip.
    const double next_x = path.in_lane ? path.lane_x : drawing.vertices[path.vertices[1]].x;
    if (!edge.from_fixed && path.skip && problem.items[edge.from].role == Role::Box &&
        std::abs(next_x - from.x) > 1) {
      const double room =
          std::max(std::min(problem.items[edge.from].left, problem.items[edge.from].right) - 14, 0.0);
      ports.from[e] = std::copysign(std::min(24.0, room), next_x - from.x);
    }
    if (edge.to_fixed || problem.items[edge.to].role != Role::Box) continue;
    const int before = path.vertices[path.vertices.size() - 2];
    const double x =
        path.in_lane ? path.lane_x : drawing.vertices[before].x + (before == edge.from ? edge.from_x : 0);
    incoming[edge.to].push_back({e, x, path.in_lane});
  }
  for (std::size_t i = 0; i < incoming.size(); ++i) {
    Vertex border = drawing.vertices[i];
    border.left = problem.items[i].left;
    border.right = problem.items[i].right;
    if (!incoming[i].empty()) spread(incoming[i], border, ports.to);
  }
  return ports;
}

/// A curve under construction: cubic segments that leave and arrive vertically.
class Pen {
 public:
  explicit Pen(Point start) : points_{start} {}
  void line_to(Point end) {
    Point start = points_.back();
    if (std::abs(start.y - end.y) < 0.01 && std::abs(start.x - end.x) < 0.01) return;
    if (runs_down_ && std::abs(start.x - end.x) < 0.01 && end.y > start.y) {  // one line with the one before
      points_.resize(points_.size() - 3);
      start = points_.back();
    }
    runs_down_ = std::abs(start.x - end.x) < 0.01 && end.y > start.y;
    points_.push_back({start.x + (end.x - start.x) / 3, start.y + (end.y - start.y) / 3});
    points_.push_back({end.x - (end.x - start.x) / 3, end.y - (end.y - start.y) / 3});
    points_.push_back(end);
  }
  /// `bend` is how far the tangents reach down from the start and up from the end.
  void curve_to(Point end, double bend) {
    const Point start = points_.back();
    if (std::abs(start.x - end.x) < 0.01 && end.y > start.y) return line_to(end);
    runs_down_ = false;
    points_.push_back({start.x, start.y + bend});
    points_.push_back({end.x, end.y - bend});
    points_.push_back(end);
  }
  /// Turns around: leaves downward (or arrives downward) and runs upward on the other side.
  void turn_to(Point end, double reach) {
    const Point start = points_.back();
    runs_down_ = false;
    points_.push_back({start.x, start.y + reach});
    points_.push_back({end.x, end.y + reach});
    points_.push_back(end);
  }
  std::vector<Point> take() { return std::move(points_); }

 private:
  std::vector<Point> points_;
  bool runs_down_ = false;  ///< the last segment is straight
};

/// Gaps grow where labels stand, where edges swerve far, and where many lanes begin or end.
std::vector<double> gaps_of(const Drawing& drawing, const Ports& ports) {
  const LayeredProblem& problem = drawing.problem;
  std::vector<double> gap(drawing.ranks.size(), smallest_gap);
  gap[0] = entry_gap;
  std::vector<int> lanes(drawing.ranks.size());
  std::vector<double> swerve(drawing.ranks.size());
  for (std::size_t e = 0; e < drawing.paths.size(); ++e) {
    const Path& path = drawing.paths[e];
    const auto from = static_cast<std::size_t>(drawing.vertices[path.vertices.front()].rank);
    const auto to = static_cast<std::size_t>(drawing.vertices[path.vertices.back()].rank);
    if (problem.edges[e].label_width > 0) gap[from] = std::max(gap[from], label_gap);
    if (path.in_lane) {
      ++lanes[from];
      if (to > 0) ++lanes[to - 1];
      continue;
    }
    for (std::size_t i = 0; i + 1 < path.vertices.size(); ++i) {
      double& most = swerve[from + i];
      most =
          std::max(most, std::abs(drawing.vertices[path.vertices[i]].x -
                                  drawing.vertices[path.vertices[i + 1]].x + (i == 0 ? ports.from[e] : 0)));
    }
  }
  for (std::size_t r = 0; r < gap.size(); ++r)
    gap[r] +=
        std::min(48.0, std::max(0.0, swerve[r] - 120) / 8) + std::min(32.0, std::max(0, lanes[r] - 1) * 4.0);
  return gap;
}

void assign_y(Drawing& drawing, const Ports& ports) {
  const LayeredProblem& problem = drawing.problem;
  const std::vector<double> gap = gaps_of(drawing, ports);
  drawing.top.assign(drawing.ranks.size(), 0);
  drawing.height.assign(drawing.ranks.size(), 0);
  double y = 0;
  for (std::size_t r = 0; r < drawing.ranks.size(); ++r) {
    // Rank 0 holds what comes in through the upper border; it is as high as the header and stands even if it
    // is empty.
    double height = r == 0 ? problem.header_height : 0;
    for (const int v : drawing.ranks[r]) {
      if (drawing.vertices[v].item >= 0)
        height = std::max(height, problem.items[drawing.vertices[v].item].height);
    }
    y = std::ceil(y);  // whole pixels keep lines crisp
    drawing.top[r] = y;
    drawing.height[r] = height;
    const bool bare_header = r == 0 && drawing.ranks[0].empty();
    y += height + (bare_header ? problem.padding / 2 : gap[r]);
  }
}

double bottom_of(const Drawing& drawing, int v) {
  return drawing.top[drawing.vertices[v].rank] + drawing.height[drawing.vertices[v].rank];
}

double top_of(const Drawing& drawing, int v) { return drawing.top[drawing.vertices[v].rank]; }

double gap_below(const Drawing& drawing, int rank) {
  const auto r = static_cast<std::size_t>(rank);
  if (rank < 0) return drawing.problem.padding / 2;
  return r + 1 < drawing.top.size() ? drawing.top[r + 1] - drawing.top[r] - drawing.height[r]
                                    : drawing.problem.padding;
}

/// Beside the beginning of an edge, on the side that it turns away from.
Point label_place(const Drawing& drawing, int from, Point start, double next_x, double label_width) {
  const double x = next_x > start.x ? start.x - 8 - label_width : start.x + 8;
  return {x, bottom_of(drawing, from) + 12};
}

LayeredResult::Route lane_route(const Drawing& drawing, const Path& path, Point start, double end_x,
                                double label_width) {
  const int from = path.vertices.front(), to = path.vertices.back();
  const int from_rank = drawing.vertices[from].rank, to_rank = drawing.vertices[to].rank;
  const double gap_out = gap_below(drawing, from_rank), gap_in = gap_below(drawing, to_rank - 1);
  Pen pen(start);
  pen.line_to({start.x, bottom_of(drawing, from)});
  const Point end{end_x, top_of(drawing, to)};
  if (to_rank > from_rank) {
    pen.curve_to({path.lane_x, bottom_of(drawing, from) + gap_out}, gap_out * 0.6);
    pen.line_to({path.lane_x, end.y - gap_in});
    pen.curve_to(end, gap_in * 0.6);
  } else {
    pen.turn_to({path.lane_x, bottom_of(drawing, from)}, gap_out * 0.8);
    pen.line_to({path.lane_x, end.y});
    pen.turn_to(end, -gap_in * 0.8);
  }
  return {pen.take(), label_place(drawing, from, start, path.lane_x, label_width), true};
}

LayeredResult::Route straight_route(const Drawing& drawing, const Path& path, Point start, double end_x,
                                    double label_width) {
  Pen pen(start);
  Point label;
  for (std::size_t i = 0; i + 1 < path.vertices.size(); ++i) {
    const int v = path.vertices[i], next = path.vertices[i + 1];
    const double x = i == 0 ? start.x : drawing.vertices[v].x;
    pen.line_to({x, bottom_of(drawing, v)});
    const bool last = i + 2 == path.vertices.size();
    const Point end{last ? end_x : drawing.vertices[next].x, top_of(drawing, next)};
    if (i == 0 && std::abs(end.x - x) > 6)
      label = label_place(drawing, v, start, end.x, label_width);
    else if (i == 0)
      label = {x + 8, (bottom_of(drawing, v) + end.y) / 2};
    pen.curve_to(end, (end.y - bottom_of(drawing, v)) * 0.55);
  }
  return {pen.take(), label, path.skip};
}

/// Moves everything so that it begins at the padding, with the header's title left of what comes in through
/// it.
void frame(const Drawing& drawing, LayeredResult& result) {
  const LayeredProblem& problem = drawing.problem;
  double low = std::numeric_limits<double>::infinity(), high = -low, first_entry = low;
  for (std::size_t i = 0; i < problem.items.size(); ++i) {
    low = std::min(low, result.places[i].x - problem.items[i].left);
    high = std::max(high, result.places[i].x + problem.items[i].right);
    if (problem.items[i].role == Role::Entry) first_entry = std::min(first_entry, result.places[i].x);
  }
  for (std::size_t e = 0; e < result.routes.size(); ++e) {
    for (const Point& point : result.routes[e].points) {
      low = std::min(low, point.x);
      high = std::max(high, point.x);
    }
    if (problem.edges[e].label_width <= 0) continue;
    low = std::min(low, result.routes[e].label.x);
    high = std::max(high, result.routes[e].label.x + problem.edges[e].label_width);
  }
  if (low > high) low = high = 0;
  double shift = problem.padding - low;
  if (first_entry + shift < problem.header_width) shift = problem.header_width - first_entry;
  result.width = std::ceil(std::max(high + shift + problem.padding, problem.header_width));
  for (Point& place : result.places) place.x += shift;
  for (auto& route : result.routes) {
    for (Point& point : route.points) point.x += shift;
    route.label.x += shift;
  }
}

}  // namespace

LayeredResult draw_routes(Drawing& drawing) {
  const LayeredProblem& problem = drawing.problem;
  const Ports ports = find_ports(drawing);
  assign_y(drawing, ports);
  LayeredResult result;
  bool has_exits = false;
  for (std::size_t i = 0; i < problem.items.size(); ++i) {
    const int v = static_cast<int>(i);
    const bool entry = problem.items[i].role == Role::Entry;
    result.places.push_back({drawing.vertices[v].x, entry ? 0 : top_of(drawing, v)});
    has_exits |= problem.items[i].role == Role::Exit;
  }
  const double end = drawing.top.empty() ? problem.header_height : drawing.top.back() + drawing.height.back();
  result.height = std::ceil(end + (has_exits ? 0 : problem.padding));
  for (std::size_t e = 0; e < problem.edges.size(); ++e) {
    const auto& edge = problem.edges[e];
    const Point start{drawing.vertices[edge.from].x + ports.from[e],
                      result.places[edge.from].y + problem.items[edge.from].height};
    const double end_x = drawing.vertices[edge.to].x + ports.to[e];
    const Path& path = drawing.paths[e];
    result.routes.push_back(path.in_lane ? lane_route(drawing, path, start, end_x, edge.label_width)
                                         : straight_route(drawing, path, start, end_x, edge.label_width));
  }
  frame(drawing, result);
  return result;
}

}  // namespace lapidary::layered

namespace lapidary {

LayeredResult layered_layout(const LayeredProblem& problem, const std::function<void()>& pause) {
  layered::Drawing drawing{problem, {}, {}, {}, {}, {}, {}, {}};
  layered::assign_ranks(drawing);
  if (drawing.ranks.empty()) drawing.ranks.emplace_back();
  if (pause) pause();
  const std::size_t crossings = layered::order_ranks(drawing, pause);
  layered::assign_x(drawing);
  layered::assign_lanes(drawing);
  LayeredResult result = layered::draw_routes(drawing);
  result.crossings = crossings;
  return result;
}

}  // namespace lapidary
