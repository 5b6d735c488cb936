#include "engine/layout/rank_simplex.h"

#include <algorithm>
#include <cstddef>

namespace lapidary::layered {
namespace {

/// A spanning tree of tight edges. Lengthening a tree edge whose cut value is negative, and shortening
/// another that joins the same two halves instead, makes the whole cheaper.
class Simplex {
 public:
  Simplex(const std::vector<RankEdge>& edges, std::vector<int>& rank)
      : edges_(edges), rank_(rank), in_tree_(edges.size()), around_(rank.size()), tree_(rank.size()) {
    for (std::size_t e = 0; e < edges.size(); ++e) {
      around_[edges[e].from].push_back(static_cast<int>(e));
      around_[edges[e].to].push_back(static_cast<int>(e));
    }
  }

  void run() {
    if (!grow_tree()) return;
    const std::size_t most_steps = 4 * rank_.size() + 64;
    for (std::size_t step = 0; step < most_steps; ++step) {
      number_tree();
      const int leaving = leaving_edge();
      if (leaving < 0) return;
      const int entering = entering_edge(leaving);
      if (entering < 0) return;
      const bool below = is_inside(edges_[leaving].to, child_of(leaving));
      const int distance = slack(entering);
      for (std::size_t v = 0; v < rank_.size(); ++v) {
        // The half that the leaving edge leads to moves down.
        if (is_inside(static_cast<int>(v), child_of(leaving)) == below) rank_[v] += distance;
      }
      remove(leaving);
      add(entering);
    }
  }

 private:
  int slack(int e) const { return rank_[edges_[e].to] - rank_[edges_[e].from] - 1; }
  int other_end(int e, int v) const { return edges_[e].from == v ? edges_[e].to : edges_[e].from; }

  void add(int e) {
    in_tree_[e] = true;
    tree_[edges_[e].from].push_back(e);
    tree_[edges_[e].to].push_back(e);
  }
  void remove(int e) {
    in_tree_[e] = false;
    std::erase(tree_[edges_[e].from], e);
    std::erase(tree_[edges_[e].to], e);
  }

  /// Joins vertices by tight edges, and shifts what is joined towards the nearest vertex outside where there
  /// is none.
  bool grow_tree() {
    std::vector<bool> joined(rank_.size());
    std::vector<int> members = {0}, open = {0};
    joined[0] = true;
    while (members.size() < rank_.size()) {
      while (!open.empty()) {
        const int v = open.back();
        open.pop_back();
        for (const int e : around_[v]) {
          const int next = other_end(e, v);
          if (joined[next] || slack(e) != 0) continue;
          joined[next] = true;
          add(e);
          members.push_back(next);
          open.push_back(next);
        }
      }
      if (members.size() == rank_.size()) break;
      int nearest = -1;
      for (std::size_t e = 0; e < edges_.size(); ++e) {
        if (joined[edges_[e].from] != joined[edges_[e].to] &&
            (nearest < 0 || slack(static_cast<int>(e)) < slack(nearest)))
          nearest = static_cast<int>(e);
      }
      if (nearest < 0) return false;
      const int shift = joined[edges_[nearest].from] ? slack(nearest) : -slack(nearest);
      for (const int v : members) rank_[v] += shift;
      open = members;
    }
    return true;
  }

  /// Numbers the tree from vertex 0, so that a subtree is a range, and sums up what leads out of each.
  void number_tree() {
    const std::size_t count = rank_.size();
    parent_edge_.assign(count, -1);
    first_.assign(count, 0);
    last_.assign(count, 0);
    net_.assign(count, 0);
    for (const RankEdge& edge : edges_) {
      net_[edge.from] += edge.weight;
      net_[edge.to] -= edge.weight;
    }
    order_.clear();
    std::vector<int> open = {0};
    while (!open.empty()) {
      const int v = open.back();
      open.pop_back();
      first_[v] = static_cast<int>(order_.size());
      order_.push_back(v);
      for (const int e : tree_[v]) {
        if (e == parent_edge_[v]) continue;
        const int next = other_end(e, v);
        parent_edge_[next] = e;
        open.push_back(next);
      }
    }
    for (std::size_t v = 0; v < count; ++v) last_[v] = first_[v];
    for (std::size_t i = count; i-- > 1;) {
      const int v = order_[i], parent = other_end(parent_edge_[v], v);
      net_[parent] += net_[v];
      last_[parent] = std::max(last_[parent], last_[v]);
    }
  }

  bool is_inside(int v, int subtree) const {
    return first_[v] >= first_[subtree] && first_[v] <= last_[subtree];
  }
  /// The end of a tree edge that is further from vertex 0.
  int child_of(int e) const { return parent_edge_[edges_[e].from] == e ? edges_[e].from : edges_[e].to; }

  int leaving_edge() const {
    int best = -1, least = 0;
    for (std::size_t i = 1; i < order_.size(); ++i) {
      const int v = order_[i], e = parent_edge_[v];
      const int cut = edges_[e].from == v ? net_[v] : -net_[v];
      if (cut >= least) continue;
      least = cut;
      best = e;
    }
    return best;
  }

  /// The tightest edge that leads back from the half below the leaving edge to the half above it.
  int entering_edge(int leaving) const {
    const int child = child_of(leaving);
    const bool below = is_inside(edges_[leaving].to, child);
    int best = -1;
    for (std::size_t e = 0; e < edges_.size(); ++e) {
      if (in_tree_[e]) continue;
      if (is_inside(edges_[e].from, child) == below && is_inside(edges_[e].to, child) != below &&
          (best < 0 || slack(static_cast<int>(e)) < slack(best)))
        best = static_cast<int>(e);
    }
    return best;
  }

  const std::vector<RankEdge>& edges_;
  std::vector<int>& rank_;
  std::vector<bool> in_tree_;
  std::vector<std::vector<int>> around_, tree_;  ///< edges by vertex
  std::vector<int> parent_edge_, first_, last_, net_, order_;
};

}  // namespace

void shorten_edges(const std::vector<RankEdge>& edges, std::vector<int>& rank) {
  if (rank.size() > 1) Simplex(edges, rank).run();
}

}  // namespace lapidary::layered
