#include <algorithm>
#include <map>
#include <queue>

#include "engine/layout/layered_graph.h"
#include "engine/layout/rank_simplex.h"

namespace lapidary::layered {
namespace {

using Role = LayeredProblem::Role;
/// In large drawings, edges that span more ranks than this do not become chains of vertices.
constexpr int longest_chain = 12;
/// Shorter edges do not look like skips.
constexpr int shortest_skip = 3;

constexpr std::size_t widely_read = 8;
/// What so many read leaves as one line.
constexpr std::size_t read_together = 6;

struct Neighbours {
  std::vector<std::vector<int>> out, in;  ///< by item
};

Neighbours neighbours_of(const LayeredProblem& problem) {
  Neighbours result{std::vector<std::vector<int>>(problem.items.size()),
                    std::vector<std::vector<int>>(problem.items.size())};
  for (const auto& edge : problem.edges) {
    result.out[edge.from].push_back(edge.to);
    result.in[edge.to].push_back(edge.from);
  }
  return result;
}

/// Positions in an order that follows the edges wherever there is no cycle, and the items' own order
/// otherwise.
std::vector<int> topological_positions(const Neighbours& neighbours) {
  const std::size_t count = neighbours.out.size();
  std::vector<int> waiting(count), position(count, -1);
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (std::size_t i = 0; i < count; ++i) {
    waiting[i] = static_cast<int>(neighbours.in[i].size());
    if (waiting[i] == 0) ready.push(static_cast<int>(i));
  }
  int next = 0;
  for (std::size_t stuck = 0; next < static_cast<int>(count);) {
    if (ready.empty()) {  // a cycle: break it at the first item left
      while (position[stuck] >= 0) ++stuck;
      ready.push(static_cast<int>(stuck));
    }
    const int item = ready.top();
    ready.pop();
    if (position[item] >= 0) continue;
    position[item] = next++;
    for (const int to : neighbours.out[item]) {
      if (--waiting[to] == 0) ready.push(to);
    }
  }
  return position;
}

/// Longest path from above; then what feeds more than it reads moves down to its readers.
std::vector<int> ranks_of(const LayeredProblem& problem, const Neighbours& neighbours,
                          const std::vector<int>& position) {
  std::vector<int> order(position.size()), rank(position.size(), 1);
  for (std::size_t i = 0; i < position.size(); ++i) order[position[i]] = static_cast<int>(i);
  int last = 1;
  for (const int item : order) {
    if (problem.items[item].role == Role::Entry) rank[item] = 0;
    for (const int to : neighbours.out[item]) {
      if (position[to] > position[item]) rank[to] = std::max(rank[to], rank[item] + 1);
    }
    if (problem.items[item].role == Role::Box) last = std::max(last, rank[item]);
  }
  for (auto at = order.rbegin(); at != order.rend(); ++at) {
    const int item = *at;
    if (problem.items[item].role == Role::Exit) rank[item] = last + 1;
    const auto& out = neighbours.out[item];
    // What many others read too comes by a lane anyway: one more end costs little.
    const auto own_inputs =
        std::count_if(neighbours.in[item].begin(), neighbours.in[item].end(),
                      [&](int from) { return neighbours.out[from].size() < widely_read; });
    if (problem.items[item].role != Role::Box || static_cast<std::ptrdiff_t>(out.size()) <= own_inputs)
      continue;
    int lowest = last + 1;
    for (const int to : out) {
      if (position[to] > position[item]) lowest = std::min(lowest, rank[to] - 1);
    }
    if (lowest <= last) rank[item] = std::max(rank[item], lowest);
  }
  return rank;
}

/// Shortens the edges of small problems as far as can be. Entries are one vertex above all boxes, exits one
/// below.
void tighten(const LayeredProblem& problem, const Neighbours& neighbours, const std::vector<int>& position,
             std::vector<int>& rank) {
  constexpr std::size_t most_items = 600;
  if (problem.items.size() > most_items) return;
  const int count = static_cast<int>(rank.size()), above = count, below = count + 1;
  const auto vertex_of = [&](int item) {
    const Role role = problem.items[item].role;
    return role == Role::Entry ? above : role == Role::Exit ? below : item;
  };
  std::vector<RankEdge> edges;
  int last = 0;
  for (int item = 0; item < count; ++item) {
    last = std::max(last, rank[item]);
    // Keeps all connected, and boxes between what comes in and what goes out.
    edges.push_back({above, vertex_of(item) == item ? item : below, 0});
    if (vertex_of(item) == item) edges.push_back({item, below, 0});
    const bool free = neighbours.out[item].size() >= widely_read;
    for (const int to : neighbours.out[item]) {
      if (position[to] > position[item] && vertex_of(item) != vertex_of(to))
        edges.push_back({vertex_of(item), vertex_of(to), free ? 0 : 1});
    }
  }
  std::vector<int> result = rank;
  result.push_back(0);
  result.push_back(last + 1);
  for (int item = 0; item < count; ++item) {
    if (vertex_of(item) == item) continue;
    result[item] = 1;  // stands aside
    edges.push_back({above, item, 0});
  }
  shorten_edges(edges, result);
  for (int item = 0; item < count; ++item) rank[item] = result[vertex_of(item)] - result[above];
}

int add_vertex(Drawing& drawing, Vertex vertex) {
  drawing.vertices.push_back(vertex);
  drawing.above.emplace_back();
  drawing.below.emplace_back();
  return static_cast<int>(drawing.vertices.size()) - 1;
}

/// Where a fixed end stands between the left border of its item (-0.5) and the right one (0.5).
double share_of(const LayeredProblem::Item& item, bool fixed, double x) {
  const double width = item.left + item.right;
  return fixed && width > 0 ? (x + item.left) / width - 0.5 : 0;
}

/// Leads edges through the ranks. What many read runs together as long as it can, so that the number of
/// vertices grows with the sources and not with the edges.
class Chains {
 public:
  explicit Chains(Drawing& drawing) : drawing_(drawing), readers_(drawing.problem.items.size()) {
    for (const auto& edge : drawing.problem.edges) ++readers_[edge.from];
  }

  void add(const LayeredProblem::Edge& edge, bool skip) {
    Path path{{edge.from}, false, skip, 0};
    const auto& items = drawing_.problem.items;
    double here = share_of(items[edge.from], edge.from_fixed, edge.from_x);
    const bool shared = readers_[edge.from] >= read_together;
    std::vector<int> own;
    auto& chain = shared ? chains_[{edge.from, edge.from_fixed ? edge.from_x : 0}] : own;
    const int first = drawing_.vertices[edge.from].rank + 1;
    for (int rank = first; rank < drawing_.vertices[edge.to].rank; ++rank) {
      const auto step = static_cast<std::size_t>(rank - first);
      if (step == chain.size()) {
        chain.push_back(add_vertex(drawing_, {-1, rank, 0, 0, 0, 0}));
        connect(path.vertices.back(), chain.back(), here, 0);
      }
      path.vertices.push_back(chain[step]);
      here = 0;
    }
    connect(path.vertices.back(), edge.to, here, share_of(items[edge.to], edge.to_fixed, edge.to_x));
    path.vertices.push_back(edge.to);
    drawing_.paths.push_back(std::move(path));
  }

 private:
  void connect(int upper, int lower, double at_upper, double at_lower) {
    drawing_.below[upper].push_back({lower, at_upper, at_lower});
    drawing_.above[lower].push_back({upper, at_lower, at_upper});
  }

  Drawing& drawing_;
  std::vector<std::size_t> readers_;                           ///< by item
  std::map<std::pair<int, double>, std::vector<int>> chains_;  ///< by place: the vertices, a rank each
};

/// How many vertices chains of their own would take for all edges.
std::size_t length_of_chains(const LayeredProblem& problem, const std::vector<int>& rank) {
  std::size_t sum = 0;
  for (const auto& edge : problem.edges)
    sum += static_cast<std::size_t>(std::max(0, rank[edge.to] - rank[edge.from] - 1));
  return sum;
}

}  // namespace

void assign_ranks(Drawing& drawing) {
  const LayeredProblem& problem = drawing.problem;
  const Neighbours neighbours = neighbours_of(problem);
  const std::vector<int> position = topological_positions(neighbours);
  std::vector<int> rank = ranks_of(problem, neighbours, position);
  tighten(problem, neighbours, position, rank);
  for (std::size_t i = 0; i < problem.items.size(); ++i) {
    const auto& item = problem.items[i];
    add_vertex(drawing, {static_cast<int>(i), rank[i], 0, item.left, item.right, 0});
  }
  for (const auto& edge : problem.edges) {
    double& right = drawing.vertices[edge.from].right;
    if (edge.label_width > 0) right = std::max(right, edge.label_width + 8);
  }
  std::vector<int> nearest(problem.items.size(), static_cast<int>(problem.items.size()) + 2);
  for (const auto& edge : problem.edges) {
    if (rank[edge.to] > rank[edge.from]) nearest[edge.from] = std::min(nearest[edge.from], rank[edge.to]);
  }
  // A chain goes where it crosses least, but costs a vertex a rank; a lane runs outside of everything.
  const bool small = problem.items.size() + length_of_chains(problem, rank) <= small_drawing;
  Chains chains(drawing);
  for (const auto& edge : problem.edges) {
    const int span = rank[edge.to] - rank[edge.from];
    const bool skip = span >= shortest_skip && nearest[edge.from] < rank[edge.to];
    if (span < 1 || (!small && (skip || span > longest_chain)))
      drawing.paths.push_back({{edge.from, edge.to}, true, true, 0});
    else
      chains.add(edge, skip);
  }
  for (std::size_t v = 0; v < drawing.vertices.size(); ++v) {
    const auto r = static_cast<std::size_t>(drawing.vertices[v].rank);
    if (drawing.ranks.size() <= r) drawing.ranks.resize(r + 1);
    drawing.ranks[r].push_back(static_cast<int>(v));
  }
}

}  // namespace lapidary::layered
