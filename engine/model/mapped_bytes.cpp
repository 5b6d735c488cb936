#include "engine/model/mapped_bytes.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <memory>

namespace lapidary {

void Unmap::operator()(const void* memory) const { ::munmap(const_cast<void*>(memory), size); }

bool is_mapped(const Tensor& tensor) { return std::get_deleter<Unmap>(tensor.owner()) != nullptr; }

void release_pages(const Tensor& tensor) {
  release_pages(tensor.owner(),
                {reinterpret_cast<const std::byte*>(tensor.bytes().data()), tensor.size_bytes()});
}

void release_pages(const std::shared_ptr<const void>& owner, std::span<const std::byte> bytes) {
  if (!std::get_deleter<Unmap>(owner)) return;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
  const std::uintptr_t first = (address + page - 1) / page * page,
                       last = (address + bytes.size()) / page * page;
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

}  // namespace lapidary
