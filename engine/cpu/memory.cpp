#include "engine/cpu/memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <string>

#include "engine/model/memory_budget.h"

namespace lapidary::cpu {
namespace {

constexpr std::size_t large_page = std::size_t{2} << 20;
constexpr std::size_t block_bytes = std::size_t{16} << 20;
constexpr std::size_t small_piece = std::size_t{128} << 10;

std::size_t rounded(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

}  // namespace

std::shared_ptr<std::byte> allocate(std::size_t bytes) {
  const std::size_t alignment = bytes >= large_page ? large_page : 64;
  const std::size_t size = rounded(bytes == 0 ? 1 : bytes, alignment);
  const auto budget = MemoryBudget::current();
  const auto counted = static_cast<std::int64_t>(bytes);
  if (budget && !budget->take(counted)) throw budget->refusal(counted, "working memory");
  void* const memory = std::aligned_alloc(alignment, size);
  if (!memory) {
    if (budget) budget->give_back(counted);
    throw Error("no memory for " + memory_text(counted), Error::Kind::Machine);
  }
  if (alignment == large_page) madvise(memory, size, MADV_HUGEPAGE);
  return {static_cast<std::byte*>(memory), [budget, counted](std::byte* p) {
            std::free(p);
            if (budget) budget->give_back(counted);
          }};
}

std::shared_ptr<std::byte> BlockAllocator::allocate(std::size_t bytes) {
  if (bytes < small_piece || bytes > block_bytes / 2) return cpu::allocate(bytes);
  const std::scoped_lock lock(mutex_);
  if (!block_ || used_ + bytes > size_) {
    block_ = cpu::allocate(block_bytes);
    size_ = block_bytes;
    used_ = 0;
  }
  std::byte* const piece = block_.get() + used_;
  used_ += rounded(bytes, 64);
  return {block_, piece};
}

}  // namespace lapidary::cpu
