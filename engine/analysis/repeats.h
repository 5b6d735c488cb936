#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lapidary {

/// A block of `period` items that stands `copies` times in a row, from `begin` on.
struct Repeat {
  std::size_t begin = 0, period = 0, copies = 0;
};

/// Finds blocks of at least three items that repeat in a row: the largest coverage first, never overlapping,
/// sorted by place. `symbols` tells items apart; `cuts[i]` counts the values that cross from before item i to
/// it or beyond, and decides where in the period a block begins: where least crosses. Time grows linearly
/// with the number of items.
std::vector<Repeat> find_repeats(std::span<const std::uint64_t> symbols, std::span<const int> cuts);

}  // namespace lapidary
