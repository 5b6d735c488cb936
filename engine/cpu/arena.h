#pragma once

#include <vector>

#include "engine/cpu/planner.h"

namespace lapidary::cpu {

/// Gives every arena buffer an offset (a multiple of 64) so that no two which are alive at once overlap; large ones
/// first, each at the lowest place that is free for its whole life. Returns the bytes of the arena.
std::int64_t assign_offsets(std::vector<Buffer>& buffers);

}  // namespace lapidary::cpu
