#include "engine/cpu/arena.h"

#include <algorithm>

namespace lapidary::cpu {

std::int64_t assign_offsets(std::vector<Buffer>& buffers) {
  std::vector<Buffer*> waiting;
  for (Buffer& buffer : buffers)
    if (buffer.kind == Buffer::Kind::Arena && buffer.first_step >= 0) waiting.push_back(&buffer);
  std::stable_sort(waiting.begin(), waiting.end(), [](const Buffer* a, const Buffer* b) { return a->bytes > b->bytes; });
  const auto rounded = [](std::int64_t bytes) { return (bytes + 63) / 64 * 64; };
  std::vector<const Buffer*> placed;  // by offset
  std::int64_t total = 0;
  for (Buffer* buffer : waiting) {
    std::int64_t offset = 0;
    for (const Buffer* other : placed) {
      const bool both_alive = other->first_step <= buffer->last_step && buffer->first_step <= other->last_step;
      if (!both_alive) continue;
      if (other->offset >= offset + rounded(buffer->bytes)) break;
      offset = std::max(offset, other->offset + rounded(other->bytes));
    }
    buffer->offset = offset;
    total = std::max(total, offset + rounded(buffer->bytes));
    placed.insert(std::upper_bound(placed.begin(), placed.end(), buffer,
                                   [](const Buffer* a, const Buffer* b) { return a->offset < b->offset; }),
                  buffer);
  }
  return total;
}

}  // namespace lapidary::cpu
