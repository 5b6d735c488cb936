#pragma once

#include <cstdint>

namespace lapidary {

/// Bytes that this process could still get without the machine having to swap: what the kernel calls
/// available, or what the process's control group has left where that is less.
std::int64_t free_memory_bytes();

}  // namespace lapidary
