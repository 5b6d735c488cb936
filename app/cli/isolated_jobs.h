#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace lapidary::cli {

/// How a job that ran in a process of its own ended.
struct JobEnd {
  enum class Kind { Done, Crashed, TimedOut };
  Kind kind = Kind::Done;
  std::string result;  ///< what the job returned, or how its process ended
  double ms = 0;
};

struct IsolationLimits {
  int processes = 2;
  int timeout_s = 30;
  std::size_t memory_bytes = std::size_t{8} << 30;  ///< address space of one process
};

/// Runs `job(0)` … `job(count - 1)` in worker processes, so that a crash, a hang or a memory fault ends that
/// one job alone; a fresh process takes the next. `done` is called here, in order of completion. Throws Error
/// (Kind::Machine) if no process can be started.
void run_isolated(std::size_t count, const std::function<std::string(std::size_t)>& job,
                  const std::function<void(std::size_t, const JobEnd&)>& done,
                  const IsolationLimits& limits = {});

}  // namespace lapidary::cli
