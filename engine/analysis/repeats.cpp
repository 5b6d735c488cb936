#include "engine/analysis/repeats.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace lapidary {
namespace {

constexpr std::size_t shortest_period = 3;
/// Bounds the work on sequences with many different distances between equal windows.
constexpr std::size_t most_candidates = 16;

using Symbols = std::span<const std::uint64_t>;

/// How often each distance lies between a window of `width` symbols and the last equal one.
void count_distances(Symbols symbols, std::size_t width, std::map<std::size_t, std::size_t>& counts) {
  std::unordered_map<std::uint64_t, std::size_t> last;
  for (std::size_t i = 0; i + width <= symbols.size(); ++i) {
    std::uint64_t hash = 1469598103934665603u;
    for (std::size_t j = i; j < i + width; ++j) hash = (hash ^ symbols[j]) * 1099511628211u;
    const auto [found, fresh] = last.try_emplace(hash, i);
    if (!fresh) {
      ++counts[i - found->second];
      found->second = i;
    }
  }
}

/// Distances worth trying as a period, the most frequent ones.
std::vector<std::size_t> candidate_periods(Symbols symbols) {
  std::map<std::size_t, std::size_t> counts;
  count_distances(symbols, 4, counts);
  count_distances(symbols, 16, counts);  // tells whole layers from like parts inside a layer
  std::vector<std::pair<std::size_t, std::size_t>> sorted;
  for (const auto& [distance, count] : counts) {
    if (distance >= shortest_period) sorted.emplace_back(count, distance);
  }
  std::sort(sorted.rbegin(), sorted.rend());
  if (sorted.size() > most_candidates) sorted.resize(most_candidates);
  std::vector<std::size_t> periods;
  for (const auto& [count, distance] : sorted) periods.push_back(distance);
  std::sort(periods.begin(), periods.end());
  return periods;
}

/// A block that is itself a smaller block repeated.
bool is_primitive(Symbols block) {
  for (std::size_t divisor = 1; divisor < block.size(); ++divisor) {
    if (block.size() % divisor == 0 && std::equal(block.begin() + divisor, block.end(), block.begin()))
      return false;
  }
  return true;
}

/// Where in the run the first block begins: where the fewest values cross its copies' borders. One copy may
/// be lost to a better border if enough are left.
Repeat placed(std::size_t begin, std::size_t length, std::size_t period, std::span<const int> cuts) {
  const std::size_t most = length / period;
  const std::size_t least = most >= 3 ? most - 1 : most;
  Repeat best;
  double best_cut = 0;
  for (std::size_t phase = 0; phase < period; ++phase) {
    const std::size_t copies = (length - phase) / period;
    if (copies < least) break;
    double cut = 0;
    for (std::size_t copy = 0; copy <= copies; ++copy) {
      const std::size_t border = begin + phase + copy * period;
      if (border < cuts.size()) cut += cuts[border];
    }
    cut = cut / static_cast<double>(copies + 1) + (copies < most ? 0.5 : 0);
    if (best.copies == 0 || cut < best_cut - 1e-9) {
      best = {begin + phase, period, copies};
      best_cut = cut;
    }
  }
  return best;
}

/// All runs of the period among items not yet taken.
std::vector<Repeat> runs_of(std::size_t period, Symbols symbols, std::span<const int> cuts,
                            const std::vector<bool>& taken) {
  std::vector<Repeat> runs;
  std::size_t matches = 0;
  for (std::size_t i = 0; i + period <= symbols.size(); ++i) {
    const bool match =
        i + period < symbols.size() && !taken[i] && !taken[i + period] && symbols[i] == symbols[i + period];
    if (match) {
      ++matches;
      continue;
    }
    const std::size_t begin = i - matches;
    if (matches >= period && is_primitive(symbols.subspan(begin, period)))
      runs.push_back(placed(begin, matches + period, period, cuts));
    matches = 0;
  }
  // Two runs may share their ends: the later gives way.
  std::size_t end = 0;
  std::erase_if(runs, [&](const Repeat& run) {
    if (run.begin < end) return true;
    end = run.begin + run.period * run.copies;
    return false;
  });
  return runs;
}

std::size_t coverage(const std::vector<Repeat>& runs) {
  std::size_t sum = 0;
  for (const Repeat& run : runs) sum += run.period * run.copies;
  return sum;
}

}  // namespace

std::vector<Repeat> find_repeats(Symbols symbols, std::span<const int> cuts) {
  std::vector<std::size_t> periods = candidate_periods(symbols);
  std::vector<bool> taken(symbols.size());
  std::vector<Repeat> found;
  const std::size_t least_coverage = std::max<std::size_t>(4 * shortest_period, symbols.size() / 16);
  while (!periods.empty()) {
    std::vector<Repeat> best;
    std::size_t best_period = 0;
    for (const std::size_t period : periods) {
      std::vector<Repeat> runs = runs_of(period, symbols, cuts, taken);
      if (coverage(runs) > coverage(best)) {
        best = std::move(runs);
        best_period = period;
      }
    }
    if (coverage(best) < least_coverage) break;
    for (const Repeat& run : best) {
      std::fill_n(taken.begin() + static_cast<std::ptrdiff_t>(run.begin), run.period * run.copies, true);
      found.push_back(run);
    }
    std::erase(periods, best_period);
  }
  std::sort(found.begin(), found.end(), [](const Repeat& a, const Repeat& b) { return a.begin < b.begin; });
  return found;
}

}  // namespace lapidary
