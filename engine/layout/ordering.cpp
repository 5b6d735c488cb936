#include <algorithm>

#include "engine/layout/layered_graph.h"

namespace lapidary::layered {
namespace {

using Adjacency = std::vector<std::vector<int>>;

void number_places(Drawing& drawing, const std::vector<int>& rank) {
  for (std::size_t i = 0; i < rank.size(); ++i) drawing.vertices[rank[i]].place = static_cast<int>(i);
}

/// Passing edges start out next to where they come from.
void order_by_parents(Drawing& drawing) {
  for (auto& rank : drawing.ranks) {
    std::stable_sort(rank.begin(), rank.end(), [&](int a, int b) {
      const auto key = [&](int v) {
        const auto& above = drawing.above[v];
        return above.empty() ? -1 : drawing.vertices[above.front()].place;
      };
      const int key_a = key(a), key_b = key(b);
      return key_a >= 0 && key_b >= 0 && key_a < key_b;
    });
    number_places(drawing, rank);
  }
}

/// The middle of the neighbours' places; between the two middle ones, nearer to the side where they lie
/// closer (Gansner et al. 1993). Negative without neighbours.
double median(const Drawing& drawing, const std::vector<int>& neighbours, std::vector<int>& places) {
  if (neighbours.empty()) return -1;
  places.clear();
  for (const int v : neighbours) places.push_back(drawing.vertices[v].place);
  std::sort(places.begin(), places.end());
  const std::size_t middle = places.size() / 2;
  if (places.size() % 2 == 1) return places[middle];
  if (places.size() == 2) return (places[0] + places[1]) / 2.0;
  const double left = places[middle - 1] - places.front(), right = places.back() - places[middle];
  if (left + right == 0) return (places[middle - 1] + places[middle]) / 2.0;
  return (places[middle - 1] * right + places[middle] * left) / (left + right);
}

/// Sorts one rank by the medians; vertices without neighbours keep their places.
void sort_rank(Drawing& drawing, std::vector<int>& rank, const Adjacency& neighbours) {
  std::vector<std::pair<double, int>> movable;
  std::vector<std::size_t> free_places;
  std::vector<int> scratch;
  for (std::size_t i = 0; i < rank.size(); ++i) {
    const double key = median(drawing, neighbours[rank[i]], scratch);
    if (key < 0) continue;
    movable.emplace_back(key, rank[i]);
    free_places.push_back(i);
  }
  std::stable_sort(movable.begin(), movable.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < movable.size(); ++i) rank[free_places[i]] = movable[i].second;
  number_places(drawing, rank);
}

/// Crossings between a rank and the next, counted with a tree of partial sums (Barth, Jünger, Mutzel 2002).
std::size_t crossings_below(const Drawing& drawing, const std::vector<int>& rank, std::size_t next_size) {
  if (rank.size() < 2 || next_size < 2) return 0;
  std::vector<int> sums(next_size + 1);
  std::vector<int> targets;
  std::size_t crossings = 0;
  int inserted = 0;
  for (const int v : rank) {
    targets.clear();
    for (const int to : drawing.below[v]) targets.push_back(drawing.vertices[to].place);
    for (const int target : targets) {
      int not_right = 0;
      for (int i = target + 1; i > 0; i -= i & -i) not_right += sums[i];
      crossings += static_cast<std::size_t>(inserted - not_right);
    }
    for (const int target : targets) {
      for (std::size_t i = static_cast<std::size_t>(target) + 1; i < sums.size(); i += i & (~i + 1))
        ++sums[i];
      ++inserted;
    }
  }
  return crossings;
}

std::size_t all_crossings(const Drawing& drawing) {
  std::size_t sum = 0;
  for (std::size_t r = 0; r + 1 < drawing.ranks.size(); ++r)
    sum += crossings_below(drawing, drawing.ranks[r], drawing.ranks[r + 1].size());
  return sum;
}

}  // namespace

void order_ranks(Drawing& drawing, const std::function<void()>& pause) {
  order_by_parents(drawing);
  auto best = drawing.ranks;
  std::size_t fewest = all_crossings(drawing);
  constexpr int sweeps = 8;
  for (int sweep = 0; sweep < sweeps && fewest > 0; ++sweep) {
    if (pause) pause();
    if (sweep % 2 == 0) {
      for (auto& rank : drawing.ranks) sort_rank(drawing, rank, drawing.above);
    } else {
      for (auto rank = drawing.ranks.rbegin(); rank != drawing.ranks.rend(); ++rank)
        sort_rank(drawing, *rank, drawing.below);
    }
    const std::size_t crossings = all_crossings(drawing);
    if (crossings < fewest) {
      fewest = crossings;
      best = drawing.ranks;
    }
  }
  drawing.ranks = std::move(best);
  for (const auto& rank : drawing.ranks) number_places(drawing, rank);
}

}  // namespace lapidary::layered
