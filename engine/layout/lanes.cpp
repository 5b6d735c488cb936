#include <algorithm>
#include <limits>
#include <map>

#include "engine/layout/layered_graph.h"

namespace lapidary::layered {
namespace {

/// How far the drawing reaches to one side, by rank; asked for and raised over ranges of ranks, in O(log
/// ranks) each.
class Reach {
 public:
  explicit Reach(const std::vector<double>& values) {
    while (size_ < values.size()) size_ *= 2;
    highest_.assign(2 * size_, -std::numeric_limits<double>::infinity());
    raised_ = highest_;
    std::copy(values.begin(), values.end(), highest_.begin() + static_cast<std::ptrdiff_t>(size_));
    for (std::size_t i = size_; i-- > 1;) highest_[i] = std::max(highest_[2 * i], highest_[2 * i + 1]);
  }
  /// Over ranks first to last, both included.
  double highest(std::size_t first, std::size_t last) const { return highest(1, 0, size_ - 1, first, last); }
  void raise(std::size_t first, std::size_t last, double to) { raise(1, 0, size_ - 1, first, last, to); }

 private:
  double highest(std::size_t i, std::size_t low, std::size_t high, std::size_t first,
                 std::size_t last) const {
    if (last < low || high < first) return -std::numeric_limits<double>::infinity();
    if (first <= low && high <= last) return highest_[i];
    const std::size_t middle = (low + high) / 2;
    return std::max({raised_[i], highest(2 * i, low, middle, first, last),
                     highest(2 * i + 1, middle + 1, high, first, last)});
  }
  void raise(std::size_t i, std::size_t low, std::size_t high, std::size_t first, std::size_t last,
             double to) {
    if (last < low || high < first) return;
    highest_[i] = std::max(highest_[i], to);
    if (first <= low && high <= last) {
      raised_[i] = std::max(raised_[i], to);
      return;
    }
    const std::size_t middle = (low + high) / 2;
    raise(2 * i, low, middle, first, last, to);
    raise(2 * i + 1, middle + 1, high, first, last, to);
  }

  std::size_t size_ = 1;
  std::vector<double> highest_;  ///< of the subtree
  std::vector<double> raised_;   ///< of the whole subtree at once
};

/// All long edges of one source that run on the same way.
struct Lane {
  int source = 0;
  bool backward = false;
  std::size_t first = 0, last = 0;  ///< ranks that it passes
  std::vector<std::size_t> edges;
  double middle_x = 0;  ///< of its ends
};

std::vector<Lane> lanes_of(const Drawing& drawing) {
  std::map<std::pair<int, bool>, Lane> lanes;
  for (std::size_t e = 0; e < drawing.paths.size(); ++e) {
    const Path& path = drawing.paths[e];
    if (!path.in_lane) continue;
    const Vertex& from = drawing.vertices[path.vertices.front()];
    const Vertex& to = drawing.vertices[path.vertices.back()];
    const bool backward = to.rank <= from.rank;
    Lane& lane = lanes[{path.vertices.front(), backward}];
    // Forward lanes run beside the ranks in between, backward ones beside both ends too.
    const auto first = static_cast<std::size_t>(backward ? to.rank : from.rank + 1);
    const auto last = static_cast<std::size_t>(backward ? from.rank : to.rank - 1);
    if (lane.edges.empty()) lane = {path.vertices.front(), backward, first, last, {}, from.x};
    lane.first = std::min(lane.first, first);
    lane.last = std::max(lane.last, last);
    lane.middle_x = (from.x + to.x) / 2;
    lane.edges.push_back(e);
  }
  std::vector<Lane> sorted;
  for (auto& [key, lane] : lanes) sorted.push_back(std::move(lane));
  std::stable_sort(sorted.begin(), sorted.end(), [](const Lane& a, const Lane& b) {
    return a.last - a.first < b.last - b.first;  // short ones lie inside
  });
  return sorted;
}

}  // namespace

void assign_lanes(Drawing& drawing) {
  std::vector<double> left, right;
  for (const auto& rank : drawing.ranks) {
    left.push_back(-std::numeric_limits<double>::infinity());
    right.push_back(-std::numeric_limits<double>::infinity());
    for (const int v : rank) {
      left.back() = std::max(left.back(), drawing.vertices[v].left - drawing.vertices[v].x);
      right.back() = std::max(right.back(), drawing.vertices[v].x + drawing.vertices[v].right);
    }
  }
  Reach reach_left(left), reach_right(right);
  for (const Lane& lane : lanes_of(drawing)) {
    const double to_left = reach_left.highest(lane.first, lane.last) + lane_gap;
    const double to_right = reach_right.highest(lane.first, lane.last) + lane_gap;
    const bool at_left = to_left + lane.middle_x < to_right - lane.middle_x - 1;
    (at_left ? reach_left : reach_right).raise(lane.first, lane.last, at_left ? to_left : to_right);
    for (const std::size_t edge : lane.edges) drawing.paths[edge].lane_x = at_left ? -to_left : to_right;
  }
}

}  // namespace lapidary::layered
