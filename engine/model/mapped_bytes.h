#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "engine/model/tensor.h"

namespace lapidary {

/// Ends a file's mapping. As the deleter of an owner it tells mapped bytes from others.
struct Unmap {
  std::size_t size;
  void operator()(const void* memory) const;
};

/// True if the tensor's bytes lie in a mapped file.
bool is_mapped(const Tensor& tensor);

/// Gives the memory of a mapped tensor's pages back, if it has any: they come from the file again when they
/// are next read. Other tensors are left alone.
void release_pages(const Tensor& tensor);
/// The same of `bytes`, which `owner` keeps.
void release_pages(const std::shared_ptr<const void>& owner, std::span<const std::byte> bytes);

}  // namespace lapidary
