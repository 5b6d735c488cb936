#pragma once

#include <cstddef>
#include <memory>
#include <mutex>

namespace lapidary::cpu {

/// Fresh memory for `bytes`, aligned to 64; in large pages where it is large and the system has them, since
/// touching many small pages for the first time costs more than filling them. Throws Error (Kind::Machine).
std::shared_ptr<std::byte> allocate(std::size_t bytes);

/// Hands out memory that lives as long as anyone holds a piece: pieces share large blocks, so that packed
/// weights of many layers fill large pages. Several threads may call it.
class BlockAllocator {
 public:
  std::shared_ptr<std::byte> allocate(std::size_t bytes);

 private:
  std::mutex mutex_;
  std::shared_ptr<std::byte> block_;
  std::size_t used_ = 0, size_ = 0;
};

}  // namespace lapidary::cpu
