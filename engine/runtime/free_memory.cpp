#include "engine/runtime/free_memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace lapidary {
namespace {

constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();

std::int64_t available_bytes() {
  std::ifstream file("/proc/meminfo");
  for (std::string word; file >> word;)
    if (std::int64_t kib = 0; word == "MemAvailable:" && file >> kib) return kib * 1024;
  return unlimited;
}

/// The number in a file of the control group; unlimited where there is none ("max").
std::int64_t number_in(const char* path) {
  std::ifstream file(path);
  std::int64_t value = 0;
  return file >> value ? value : unlimited;
}

std::int64_t left_in_group() {
  const std::int64_t most = number_in("/sys/fs/cgroup/memory.max");
  const std::int64_t used = number_in("/sys/fs/cgroup/memory.current");
  return most == unlimited || used == unlimited ? unlimited : std::max<std::int64_t>(0, most - used);
}

}  // namespace

std::int64_t free_memory_bytes() { return std::min(available_bytes(), left_in_group()); }

}  // namespace lapidary
