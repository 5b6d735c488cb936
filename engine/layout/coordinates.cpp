#include <algorithm>
#include <limits>

#include "engine/layout/layered_graph.h"

namespace lapidary::layered {
namespace {

/// One of the four extreme drawings of Brandes and Köpf (2002, with the corrections of 2020): vertices are
/// aligned with a median neighbour in the rank before, and blocks of aligned vertices are packed to one side.
/// The other three come from mirroring the ranks and the places within them.
class Alignment {
 public:
  Alignment(const Drawing& drawing, bool upward, bool leftward)
      : drawing_(drawing),
        upward_(upward),
        leftward_(leftward),
        root_(drawing.vertices.size()),
        next_(drawing.vertices.size()) {
    for (std::size_t v = 0; v < root_.size(); ++v) root_[v] = next_[v] = static_cast<int>(v);
  }

  std::vector<double> run() {
    align();
    place();
    std::vector<double> x(root_.size());
    for (std::size_t v = 0; v < x.size(); ++v) x[v] = leftward_ ? -block_x_[root_[v]] : block_x_[root_[v]];
    return x;
  }

 private:
  int place_of(int v) const {
    const Vertex& vertex = drawing_.vertices[v];
    return leftward_ ? static_cast<int>(drawing_.ranks[vertex.rank].size()) - 1 - vertex.place : vertex.place;
  }
  int at(const std::vector<int>& rank, std::size_t place) const {
    return leftward_ ? rank[rank.size() - 1 - place] : rank[place];
  }
  double before(int v) const { return leftward_ ? drawing_.vertices[v].right : drawing_.vertices[v].left; }
  double after(int v) const { return leftward_ ? drawing_.vertices[v].left : drawing_.vertices[v].right; }
  double separation(int left, int right) const {
    const bool passing = drawing_.vertices[left].item < 0 || drawing_.vertices[right].item < 0;
    return after(left) + before(right) + (passing ? edge_gap : item_gap);
  }

  /// Inner segments of passing edges win over edges that cross them, so that long edges stay straight.
  bool crosses_inner_segment(int upper, int lower) const {
    const bool inner = drawing_.vertices[upper].item < 0 && drawing_.vertices[lower].item < 0;
    return !inner && conflict_limit_ >= 0 && place_of(upper) < conflict_limit_;
  }

  /// Where the edge that passes here passes next; -1 for items, and where edges end.
  int inner_neighbour(int v, const Links& neighbours) const {
    if (drawing_.vertices[v].item >= 0) return -1;
    for (const Link& link : neighbours[v]) {
      if (drawing_.vertices[link.vertex].item < 0) return link.vertex;
    }
    return -1;
  }

  void align() {
    const std::size_t count = drawing_.ranks.size();
    for (std::size_t step = 1; step < count; ++step) {
      const auto& rank = drawing_.ranks[upward_ ? count - 1 - step : step];
      align_rank(rank);
    }
  }

  void align_rank(const std::vector<int>& rank) {
    const auto& neighbours = upward_ ? drawing_.below : drawing_.above;
    // For each place, how far left (in this mirroring) the next inner segment to the right reaches in the
    // rank before.
    std::vector<int> inner_limit(rank.size(), std::numeric_limits<int>::max());
    int limit = std::numeric_limits<int>::max();
    for (std::size_t i = rank.size(); i-- > 0;) {
      inner_limit[i] = limit;
      if (const int inner = inner_neighbour(at(rank, i), neighbours); inner >= 0)
        limit = std::min(limit, place_of(inner));
    }
    int last = -1;
    conflict_limit_ = -1;
    for (std::size_t i = 0; i < rank.size(); ++i) {
      const int v = at(rank, i);
      const int inner_end = inner_neighbour(v, neighbours);
      std::vector<int> sorted;
      if (inner_end >= 0)
        sorted.push_back(inner_end);
      else
        for (const Link& link : neighbours[v]) sorted.push_back(link.vertex);
      std::sort(sorted.begin(), sorted.end(), [&](int a, int b) { return place_of(a) < place_of(b); });
      const std::size_t low = sorted.empty() ? 0 : (sorted.size() - 1) / 2;
      for (std::size_t m = low; m < std::min(sorted.size(), sorted.size() / 2 + 1); ++m) {
        const int u = sorted[m];
        if (next_[v] != v || place_of(u) <= last || crosses_inner_segment(u, v)) continue;
        const bool inner = drawing_.vertices[u].item < 0 && drawing_.vertices[v].item < 0;
        if (!inner && place_of(u) > inner_limit[i]) continue;
        next_[u] = v;
        root_[v] = root_[u];
        next_[v] = root_[v];
        last = place_of(u);
      }
      if (inner_end >= 0) conflict_limit_ = std::max(conflict_limit_, place_of(inner_end));
    }
  }

  /// Packs the blocks: a longest-path pass over the order "left of" among blocks, then a pass back that
  /// closes gaps.
  void place() {
    const std::size_t count = root_.size();
    std::vector<std::vector<std::pair<int, double>>> right_of(count), left_of(count);
    std::vector<int> waiting(count);
    for (const auto& rank : drawing_.ranks) {
      for (std::size_t i = 0; i + 1 < rank.size(); ++i) {
        const int a = at(rank, i), b = at(rank, i + 1);
        const double distance = separation(a, b);
        right_of[root_[a]].emplace_back(root_[b], distance);
        left_of[root_[b]].emplace_back(root_[a], distance);
        ++waiting[root_[b]];
      }
    }
    std::vector<int> order;
    for (std::size_t v = 0; v < count; ++v) {
      if (root_[v] == static_cast<int>(v) && waiting[v] == 0) order.push_back(static_cast<int>(v));
    }
    block_x_.assign(count, 0);
    for (std::size_t i = 0; i < order.size(); ++i) {
      const int block = order[i];
      for (const auto& [left, distance] : left_of[block])
        block_x_[block] = std::max(block_x_[block], block_x_[left] + distance);
      for (const auto& [right, distance] : right_of[block]) {
        if (--waiting[right] == 0) order.push_back(right);
      }
    }
    for (auto block = order.rbegin(); block != order.rend(); ++block) {
      double limit = std::numeric_limits<double>::infinity();
      for (const auto& [right, distance] : right_of[*block])
        limit = std::min(limit, block_x_[right] - distance);
      if (limit < std::numeric_limits<double>::infinity())
        block_x_[*block] = std::max(block_x_[*block], limit);
    }
  }

  const Drawing& drawing_;
  bool upward_, leftward_;
  std::vector<int> root_, next_;
  std::vector<double> block_x_;
  int conflict_limit_ = -1;
};

}  // namespace

/// Of the four drawings, the two that lean to the left: where a vertex has two neighbours, both take the left
/// one, so that the chain that the model lists first runs straight down and what is beside it stands at its
/// right.
void assign_x(Drawing& drawing) {
  const std::vector<double> downward = Alignment(drawing, false, false).run();
  const std::vector<double> upward = Alignment(drawing, true, false).run();
  for (std::size_t v = 0; v < drawing.vertices.size(); ++v)
    drawing.vertices[v].x = (downward[v] + upward[v]) / 2;
}

}  // namespace lapidary::layered
