#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace lapidary::cli {

/// How a job that ran in a process of its own ended.
struct JobEnd {
  enum class Kind { Done, Crashed, TimedOut, OutOfMemory };
  Kind kind = Kind::Done;
  std::string result;  ///< what the job returned, or how its process ended
  double ms = 0;
};

struct IsolationLimits {
  int processes = 2;
  int timeout_s = 30;
  std::int64_t memory_bytes = std::int64_t{4} << 30;  ///< of one process, beyond what it holds when it starts
};

/// Runs `job(0)` … `job(count - 1)` in worker processes, so that a crash, a hang or a memory fault ends that
/// one job alone; a fresh process takes the next. `done` is called here, in order of completion. Throws Error
/// (Kind::Machine) if no process can be started.
void run_isolated(std::size_t count, const std::function<std::string(std::size_t)>& job,
                  const std::function<void(std::size_t, const JobEnd&)>& done,
                  const IsolationLimits& limits = {});

}  // namespace lapidary::cli
