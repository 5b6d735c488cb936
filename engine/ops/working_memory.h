#pragma once

#include <string>
#include <vector>

#include "engine/model/memory_budget.h"
#include "engine/model/tensor.h"

namespace lapidary {

/// `dims`' elements for a kernel to compute in, all `value`. Throws Error before it asks for memory that the
/// limit has no room for, and for sizes that are negative or overflow.
template <class T>
std::vector<T> working_memory(const Dims& dims, T value = {}) {
  std::int64_t bytes = sizeof(T);
  for (const std::int64_t size : dims)
    if (size < 0 || __builtin_mul_overflow(bytes, size, &bytes))
      throw Error("sizes are too large: " + to_string(dims));
  require_memory(bytes, "working memory " + to_string(dims));
  return std::vector<T>(static_cast<std::size_t>(element_count(dims)), value);
}

}  // namespace lapidary
