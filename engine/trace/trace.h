#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/runtime/backend.h"

namespace lapidary {

/// One executed operator. Times are nanoseconds from the trace's begin.
struct Span {
  int step = 0;  ///< index in Trace::steps
  int lane = 0;  ///< index in Trace::lanes
  int run = 0;   ///< which repeat
  std::int64_t begin_ns = 0, end_ns = 0;
};

struct Lane {
  std::string name;  ///< "Thread 1"
};

struct RunRange {
  std::int64_t begin_ns = 0, end_ns = 0;
};

struct MemorySample {
  std::int64_t time_ns = 0, bytes = 0;
};

/// What happened in one or several runs of a program.
struct Trace {
  std::string model_name, backend;
  int threads = 0;
  std::vector<Step> steps;
  std::vector<Lane> lanes;
  std::vector<Span> spans;  ///< by run, then by begin; nested ones after the one around them
  std::vector<RunRange> runs;
  std::vector<MemorySample> memory;
  std::int64_t load_ns = 0, compile_ns = 0;

  /// The run whose duration is the median (the lower of two).
  int median_run() const;
};
using TracePointer = std::shared_ptr<const Trace>;

/// Collects a trace while a program runs; safe to be called from several threads.
class TraceRecorder : public RunObserver {
 public:
  TraceRecorder();
  ~TraceRecorder() override;
  void run_begin(std::int64_t time_ns) override;
  void run_end(std::int64_t time_ns) override;
  void step(const Step& step, std::int64_t begin_ns, std::int64_t end_ns, int thread) override;
  void memory(std::int64_t bytes, std::int64_t time_ns) override;
  /// The trace so far; call between runs. Copies the steps, so the program may end.
  Trace finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lapidary
