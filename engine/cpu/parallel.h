#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>

namespace lapidary::cpu {

/// OpenMP's number of threads for this thread's parallel regions, as long as it lives.
class ThreadCount {
 public:
  explicit ThreadCount(int threads) : before_(omp_get_max_threads()) {
    if (threads != before_) omp_set_num_threads(threads);
  }
  ~ThreadCount() { omp_set_num_threads(before_); }
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

 private:
  int before_;
};

/// Calls body(begin, end) for parts of [0, count) on up to `threads` threads of OpenMP's one pool; on this
/// thread alone where the whole is less than `work` ≥ 1 units of about a nanosecond make worth it. `body`
/// must not throw.
template <class Body>
void parallel_for(std::int64_t count, double work, int threads, const Body& body) {
  constexpr double worth_a_thread = 10'000;
  const auto useful = static_cast<std::int64_t>(work / worth_a_thread);
  const std::int64_t parts =
      std::min({static_cast<std::int64_t>(threads), count, std::max<std::int64_t>(1, useful)});
  if (parts <= 1) return body(0, count);
#pragma omp parallel for num_threads(static_cast <int>(parts)) schedule(static, 1)
  for (std::int64_t part = 0; part < parts; ++part) body(count * part / parts, count * (part + 1) / parts);
}

}  // namespace lapidary::cpu
