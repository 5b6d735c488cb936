#include "engine/analysis/memory_plan.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

namespace lapidary {
namespace {

/// Finds which placed buffers are alive at some time within a range of steps, without looking at the others.
class PlacedBuffers {
 public:
  explicit PlacedBuffers(std::span<const Lifetime> lifetimes) : lifetimes_(lifetimes) {
    int steps = 1;
    for (const auto& lifetime : lifetimes) steps = std::max(steps, lifetime.last + 1);
    while (leaves_ < steps) leaves_ *= 2;
    covering_.resize(2 * static_cast<std::size_t>(leaves_));
    starting_.resize(static_cast<std::size_t>(leaves_));
  }

  void add(int buffer) {
    const auto& [first, last, size] = lifetimes_[buffer];
    starting_[first].push_back(buffer);
    // The segment tree's nodes whose ranges together are exactly [first, last].
    for (int low = first + leaves_, high = last + leaves_ + 1; low < high; low /= 2, high /= 2) {
      if (low & 1) covering_[low++].push_back(buffer);
      if (high & 1) covering_[--high].push_back(buffer);
    }
  }

  /// Alive together with `lifetime`: those alive at its first step, and those that start later within it.
  void collect(const Lifetime& lifetime, std::vector<int>& found) const {
    found.clear();
    for (int node = lifetime.first + leaves_; node > 0; node /= 2)
      found.insert(found.end(), covering_[node].begin(), covering_[node].end());
    for (int step = lifetime.first + 1; step <= lifetime.last; ++step)
      found.insert(found.end(), starting_[step].begin(), starting_[step].end());
  }

 private:
  std::span<const Lifetime> lifetimes_;
  int leaves_ = 1;
  std::vector<std::vector<int>> covering_, starting_;
};

std::int64_t aligned(std::int64_t bytes, std::int64_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

}  // namespace

MemoryPlan plan_memory(std::span<const Lifetime> lifetimes, std::int64_t alignment) {
  MemoryPlan plan;
  plan.offsets.resize(lifetimes.size(), 0);
  std::vector<int> order(lifetimes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return lifetimes[a].size_bytes > lifetimes[b].size_bytes; });
  PlacedBuffers placed(lifetimes);
  std::vector<int> neighbours;
  for (const int buffer : order) {
    const std::int64_t size = lifetimes[buffer].size_bytes;
    if (size <= 0) break;
    placed.collect(lifetimes[buffer], neighbours);
    std::sort(neighbours.begin(), neighbours.end(),
              [&](int a, int b) { return plan.offsets[a] < plan.offsets[b]; });
    std::int64_t best = -1, best_gap = std::numeric_limits<std::int64_t>::max(), end = 0;
    for (const int neighbour : neighbours) {
      const std::int64_t gap = plan.offsets[neighbour] - end;
      if (gap >= size && gap < best_gap) {
        best = end;
        best_gap = gap;
      }
      end = std::max(end, aligned(plan.offsets[neighbour] + lifetimes[neighbour].size_bytes, alignment));
    }
    plan.offsets[buffer] = best >= 0 ? best : end;
    plan.arena_bytes = std::max(plan.arena_bytes, plan.offsets[buffer] + aligned(size, alignment));
    placed.add(buffer);
  }
  return plan;
}

std::int64_t peak_bytes(std::span<const Lifetime> lifetimes) {
  std::map<int, std::int64_t> change;
  for (const auto& lifetime : lifetimes) {
    change[lifetime.first] += lifetime.size_bytes;
    change[lifetime.last + 1] -= lifetime.size_bytes;
  }
  std::int64_t alive = 0, peak = 0;
  for (const auto& [step, bytes] : change) peak = std::max(peak, alive += bytes);
  return peak;
}

}  // namespace lapidary
