#include <algorithm>
#include <queue>

#include "engine/layout/layered_graph.h"

namespace lapidary::layered {
namespace {

using Role = LayeredProblem::Role;
/// Edges that span more ranks than this never become a chain of vertices.
constexpr int longest_chain = 12;
/// Shorter ones look better straight through than in a lane.
constexpr int shortest_lane = 3;

constexpr std::size_t widely_read = 8;

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

int add_vertex(Drawing& drawing, Vertex vertex) {
  drawing.vertices.push_back(vertex);
  drawing.above.emplace_back();
  drawing.below.emplace_back();
  return static_cast<int>(drawing.vertices.size()) - 1;
}

void add_path(Drawing& drawing, const LayeredProblem::Edge& edge, bool in_lane) {
  Path path{{edge.from}, in_lane, 0};
  if (!in_lane) {
    for (int rank = drawing.vertices[edge.from].rank + 1; rank < drawing.vertices[edge.to].rank; ++rank) {
      const int vertex = add_vertex(drawing, {-1, rank, 0, 0, 0, 0});
      drawing.below[path.vertices.back()].push_back(vertex);
      drawing.above[vertex].push_back(path.vertices.back());
      path.vertices.push_back(vertex);
    }
    drawing.below[path.vertices.back()].push_back(edge.to);
    drawing.above[edge.to].push_back(path.vertices.back());
  }
  path.vertices.push_back(edge.to);
  drawing.paths.push_back(std::move(path));
}

}  // namespace

void assign_ranks(Drawing& drawing) {
  const LayeredProblem& problem = drawing.problem;
  const Neighbours neighbours = neighbours_of(problem);
  const std::vector<int> rank = ranks_of(problem, neighbours, topological_positions(neighbours));
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
  for (const auto& edge : problem.edges) {
    const int span = rank[edge.to] - rank[edge.from];
    const bool passes_by = nearest[edge.from] < rank[edge.to];
    add_path(drawing, edge, span < 1 || span > longest_chain || (span >= shortest_lane && passes_by));
  }
  for (std::size_t v = 0; v < drawing.vertices.size(); ++v) {
    const auto r = static_cast<std::size_t>(drawing.vertices[v].rank);
    if (drawing.ranks.size() <= r) drawing.ranks.resize(r + 1);
    drawing.ranks[r].push_back(static_cast<int>(v));
  }
}

}  // namespace lapidary::layered
