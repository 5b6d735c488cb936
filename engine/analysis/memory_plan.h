#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lapidary {

/// A buffer: the steps during which its bytes are needed (both ends included), and its size.
struct Lifetime {
  int first = 0, last = 0;
  std::int64_t size_bytes = 0;
};

/// Where each buffer lies in one arena, and how large the arena must be.
struct MemoryPlan {
  std::vector<std::int64_t> offsets;  ///< by position in the lifetimes given; 0 for buffers of no bytes
  std::int64_t arena_bytes = 0;
};

/// Places buffers so that no two that live at the same time overlap: the largest first, each in the tightest
/// gap that fits ("greedy by size", Pisarchyk and Lee 2020). Offsets are multiples of `alignment`.
MemoryPlan plan_memory(std::span<const Lifetime> lifetimes, std::int64_t alignment = 64);

/// The largest sum of sizes alive at one step: what no plan can go below.
std::int64_t peak_bytes(std::span<const Lifetime> lifetimes);

}  // namespace lapidary
