#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/runtime/backend.h"
#include "engine/trace/machine_state.h"

namespace lapidary {

/// One executed operator. Times are nanoseconds from the trace's begin.
struct Span {
  int step = 0;  ///< index in Trace::steps
  int lane = 0;  ///< index in Trace::lanes
  int run = 0;   ///< which repeat; -1: in none
  std::int64_t begin_ns = 0, end_ns = 0;
};

/// Spans of one lane nest properly or lie apart.
struct Lane {
  std::string name;           ///< "Thread 1"
  std::string process = {};   ///< of an imported trace
  bool asynchronous = false;  ///< holds operations that began and ended anywhere, not one thread's calls
};

/// A moment that an imported trace marks.
struct Instant {
  int name = 0;   ///< index in Trace::names
  int lane = -1;  ///< -1: concerns all lanes
  std::int64_t time_ns = 0;
};

/// An arrow from one span to another; -1 where the file binds an end to no span.
struct Flow {
  int name = 0;  ///< index in Trace::names
  int from_lane = 0, to_lane = 0;
  int from_span = -1, to_span = -1;  ///< index in Trace::spans
  std::int64_t from_ns = 0, to_ns = 0;
};

/// A figure over time.
struct Counter {
  struct Sample {
    std::int64_t time_ns = 0;
    double value = 0;
  };
  std::string name;
  std::string process = {};
  std::vector<Sample> samples = {};  ///< by time
};

/// What an imported trace says about a step besides what Step holds.
struct StepOrigin {
  std::string category;     ///< as the file names it: "Node", "cpu_op"
  bool is_operator = true;  ///< false: a call around operators, or something else altogether
  std::string mapped_by;    ///< how Step::nodes were found; empty if they were not
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
  std::vector<std::int64_t> unwatched_ns;  ///< what runs took that nobody watched, in turns with `runs`
  int warm_up_runs = 0;
  MachineState machine_before, machine_after;

  // Of imported traces only:
  std::vector<StepOrigin> origins;  ///< by step; empty for runs of our own, where all steps are operators
  std::vector<std::string> names;   ///< of instants and flows, each once
  std::vector<Instant> instants;    ///< by time
  std::vector<Counter> counters;
  std::vector<Flow> flows;  ///< by begin

  bool is_operator(int step) const {
    return origins.empty() || origins[static_cast<std::size_t>(step)].is_operator;
  }

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
