#include <algorithm>
#include <random>

#include "engine/layout/layered_graph.h"

namespace lapidary::layered {
namespace {

using Ranks = std::vector<std::vector<int>>;

void number_places(Drawing& drawing, const std::vector<int>& rank) {
  for (std::size_t i = 0; i < rank.size(); ++i) drawing.vertices[rank[i]].place = static_cast<int>(i);
}

void set_ranks(Drawing& drawing, Ranks ranks) {
  drawing.ranks = std::move(ranks);
  for (const auto& rank : drawing.ranks) number_places(drawing, rank);
}

/// Where the other end of a link stands in its rank.
double place_of(const Drawing& drawing, const Link& link) {
  return drawing.vertices[link.vertex].place + link.there * 0.9;
}

/// Entries and exits whose order is given.
bool is_fixed(const Drawing& drawing, const std::vector<int>& rank) {
  const int item = rank.empty() ? -1 : drawing.vertices[rank.front()].item;
  return item >= 0 && drawing.problem.items[item].place >= 0;
}

void order_fixed(Drawing& drawing) {
  for (auto& rank : drawing.ranks) {
    if (!is_fixed(drawing, rank)) continue;
    std::stable_sort(rank.begin(), rank.end(), [&](int a, int b) {
      const auto& items = drawing.problem.items;
      return items[drawing.vertices[a].item].place < items[drawing.vertices[b].item].place;
    });
    number_places(drawing, rank);
  }
}

/// Passing edges start out next to where they come from.
void order_by_parents(Drawing& drawing) {
  for (auto& rank : drawing.ranks) {
    if (is_fixed(drawing, rank)) continue;
    std::stable_sort(rank.begin(), rank.end(), [&](int a, int b) {
      const auto key = [&](int v) {
        const auto& above = drawing.above[v];
        return above.empty() ? -1 : drawing.vertices[above.front().vertex].place;
      };
      const int key_a = key(a), key_b = key(b);
      return key_a >= 0 && key_b >= 0 && key_a < key_b;
    });
    number_places(drawing, rank);
  }
}

/// Each rank in the order in which a depth-first walk from above first comes by.
Ranks depth_first_order(const Drawing& drawing) {
  Ranks ranks(drawing.ranks.size());
  std::vector<bool> seen(drawing.vertices.size());
  std::vector<int> open;
  for (const auto& rank : drawing.ranks) {
    for (const int start : rank) {
      open.push_back(start);
      while (!open.empty()) {
        const int v = open.back();
        open.pop_back();
        if (seen[v]) continue;
        seen[v] = true;
        ranks[drawing.vertices[v].rank].push_back(v);
        for (std::size_t i = drawing.below[v].size(); i-- > 0;) open.push_back(drawing.below[v][i].vertex);
      }
    }
  }
  return ranks;
}

/// The middle of the neighbours' places; between the two middle ones, nearer to the side where they lie
/// closer (Gansner et al. 1993). Negative without neighbours.
double median(const Drawing& drawing, const std::vector<Link>& links, std::vector<double>& places) {
  if (links.empty()) return -1;
  places.clear();
  for (const Link& link : links) places.push_back(place_of(drawing, link) + 1);
  std::sort(places.begin(), places.end());
  const std::size_t middle = places.size() / 2;
  if (places.size() % 2 == 1) return places[middle];
  if (places.size() == 2) return (places[0] + places[1]) / 2;
  const double left = places[middle - 1] - places.front(), right = places.back() - places[middle];
  if (left + right == 0) return (places[middle - 1] + places[middle]) / 2;
  return (places[middle - 1] * right + places[middle] * left) / (left + right);
}

/// Sorts one rank by the medians; vertices without neighbours keep their places. `flip` turns the order of
/// equal ones.
void sort_rank(Drawing& drawing, std::vector<int>& rank, const Links& links, bool flip) {
  if (is_fixed(drawing, rank)) return;
  std::vector<std::pair<double, int>> movable;
  std::vector<std::size_t> free_places;
  std::vector<double> scratch;
  for (std::size_t i = 0; i < rank.size(); ++i) {
    const double key = median(drawing, links[rank[i]], scratch);
    if (key < 0) continue;
    movable.emplace_back(key, rank[i]);
    free_places.push_back(i);
  }
  if (flip) std::reverse(movable.begin(), movable.end());
  std::stable_sort(movable.begin(), movable.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < movable.size(); ++i) rank[free_places[i]] = movable[i].second;
  number_places(drawing, rank);
}

/// How many pairs stand in the wrong order; sorts.
std::size_t inversions(std::vector<double>& values, std::vector<double>& scratch, std::size_t begin,
                       std::size_t end) {
  if (end - begin < 2) return 0;
  const std::size_t middle = (begin + end) / 2;
  std::size_t count = inversions(values, scratch, begin, middle) + inversions(values, scratch, middle, end);
  std::size_t left = begin, right = middle;
  for (std::size_t i = begin; i < end; ++i) {
    const bool from_right = left == middle || (right < end && values[right] < values[left]);
    if (from_right) count += middle - left;
    scratch[i] = values[from_right ? right++ : left++];
  }
  std::copy(scratch.begin() + static_cast<std::ptrdiff_t>(begin),
            scratch.begin() + static_cast<std::ptrdiff_t>(end),
            values.begin() + static_cast<std::ptrdiff_t>(begin));
  return count;
}

/// Crossings between a rank and the next.
std::size_t crossings_below(const Drawing& drawing, const std::vector<int>& rank) {
  std::vector<std::pair<double, double>> ends;
  for (std::size_t i = 0; i < rank.size(); ++i) {
    for (const Link& link : drawing.below[rank[i]])
      ends.emplace_back(static_cast<double>(i) + link.here * 0.9, place_of(drawing, link));
  }
  std::sort(ends.begin(), ends.end());
  std::vector<double> lower, scratch(ends.size());
  for (const auto& [at, place] : ends) lower.push_back(place);
  return inversions(lower, scratch, 0, lower.size());
}

std::size_t all_crossings(const Drawing& drawing) {
  std::size_t sum = 0;
  for (const auto& rank : drawing.ranks) sum += crossings_below(drawing, rank);
  return sum;
}

/// What exchanging two neighbours in a rank saves in crossings with one of the ranks around.
int saving(const Drawing& drawing, const std::vector<Link>& left, const std::vector<Link>& right) {
  int saved = 0;
  for (const Link& a : left) {
    for (const Link& b : right) {
      const double difference = place_of(drawing, a) - place_of(drawing, b);
      saved += (difference > 0) - (difference < 0);
    }
  }
  return saved;
}

/// Exchanges neighbours as long as that saves crossings.
void exchange_neighbours(Drawing& drawing) {
  constexpr int most_rounds = 12;
  bool better = true;
  for (int round = 0; round < most_rounds && better; ++round) {
    better = false;
    for (auto& rank : drawing.ranks) {
      if (is_fixed(drawing, rank)) continue;
      for (std::size_t i = 0; i + 1 < rank.size(); ++i) {
        const int a = rank[i], b = rank[i + 1];
        if (saving(drawing, drawing.above[a], drawing.above[b]) +
                saving(drawing, drawing.below[a], drawing.below[b]) <=
            0)
          continue;
        std::swap(rank[i], rank[i + 1]);
        std::swap(drawing.vertices[a].place, drawing.vertices[b].place);
        better = true;
      }
    }
  }
}

/// The best order so far.
struct Best {
  Ranks ranks;
  std::size_t crossings = 0;
  bool take(const Drawing& drawing) {
    const std::size_t now = all_crossings(drawing);
    if (now >= crossings && !ranks.empty()) return false;
    ranks = drawing.ranks;
    crossings = now;
    return true;
  }
};

/// One sweep of medians, down if `down`. With `chance`, equal ones are turned in ranks drawn at random.
void sweep(Drawing& drawing, bool down, std::minstd_rand* chance) {
  const auto sort = [&](std::vector<int>& rank) {
    sort_rank(drawing, rank, down ? drawing.above : drawing.below, chance && (*chance)() % 4 == 0);
  };
  if (down)
    std::for_each(drawing.ranks.begin(), drawing.ranks.end(), sort);
  else
    std::for_each(drawing.ranks.rbegin(), drawing.ranks.rend(), sort);
}

/// Sweeps from the order as it is, until some bring nothing more.
void improve(Drawing& drawing, Best& best, bool thorough, const std::function<void()>& pause) {
  constexpr int most_sweeps = 8;
  best.take(drawing);
  for (int i = 0; i < most_sweeps && best.crossings > 0; ++i) {
    if (pause) pause();
    sweep(drawing, i % 2 == 0, nullptr);
    if (thorough) exchange_neighbours(drawing);
    best.take(drawing);
  }
}

/// Leaves the best order by chance, a few sweeps at a time, and keeps what becomes better. Small drawings get
/// more tries; the same drawing always gets the same.
void search(Drawing& drawing, Best& best, const std::function<void()>& pause) {
  constexpr std::size_t work = 25000, most_tries = 60;
  constexpr int sweeps = 4;
  std::minstd_rand chance(1);
  const std::size_t tries = std::min(most_tries, work / drawing.vertices.size());
  for (std::size_t i = 0; i < tries && best.crossings > 0; ++i) {
    if (pause) pause();
    set_ranks(drawing, best.ranks);
    const bool down = i % 2 == 0;
    for (int k = 0; k < sweeps && best.crossings > 0; ++k) {
      sweep(drawing, down == (k % 2 == 0), &chance);
      exchange_neighbours(drawing);
      best.take(drawing);
    }
  }
}

}  // namespace

std::size_t order_ranks(Drawing& drawing, const std::function<void()>& pause) {
  const bool thorough = drawing.vertices.size() <= small_drawing;
  order_fixed(drawing);
  const Ranks natural = drawing.ranks;
  order_by_parents(drawing);
  Best best;
  improve(drawing, best, thorough, pause);
  if (thorough && best.crossings > 0) {
    set_ranks(drawing, natural);
    set_ranks(drawing, depth_first_order(drawing));
    order_fixed(drawing);
    improve(drawing, best, thorough, pause);
    if (!drawing.problem.quick) search(drawing, best, pause);
  }
  set_ranks(drawing, std::move(best.ranks));
  return best.crossings;
}

}  // namespace lapidary::layered
