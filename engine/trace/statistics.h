#pragma once

#include <string>
#include <vector>

#include "engine/trace/measurement.h"
#include "engine/trace/trace.h"

namespace lapidary {

/// One step over all runs of a trace: a row of the operators' table. Times are the step's own: what steps
/// nested in it (a loop's body) take is theirs.
struct OperatorTime {
  int step = 0;
  std::string node, op;
  std::vector<int> nodes;                                   ///< positions in the model's main graph
  int calls = 0;                                            ///< in one run
  double total_ms = 0;                                      ///< median over runs
  double minimum_ms = 0, maximum_ms = 0, deviation_ms = 0;  ///< deviation: median absolute deviation · 1.4826
  double low_ms = 0, high_ms = 0;                           ///< the median lies between them 19 times in 20
  double share = 0;                                         ///< of the runs' median wall time
  double flops = 0, macs = 0, bytes = 0;                    ///< one run; FLOPs, and multiply-adds apart
  double gflops = 0;                                        ///< per second
  /// What holds the step back, judged against the best rates that any step of this trace reached (its own
  /// roofs): "overhead" where a call takes under 5 µs, or under 2 % of both roofs are reached; else "compute"
  /// or "memory", whichever roof it is nearer to.
  std::string bound;
  std::string implementation, note;
};

struct TypeTime {
  std::string op;
  int calls = 0;
  double total_ms = 0, share = 0, flops = 0, gflops = 0;
  double deviation_ms = 0;  ///< of the type's time in a run
  double macs = 0, bytes = 0;
  std::string bound;  ///< what holds back most of its time
};

struct TraceSummary {
  double total_ms = 0;  ///< median wall time of a run
  double deviation_ms = 0;
  Interval total_interval_ms;  ///< of the median
  double operators_ms = 0;     ///< sum of the operators' own times in a run, median over runs
  double gap_ms = 0;  ///< wall time that is no operator's, median over runs; below 0 where lanes work at once
  Interval unwatched_ms;  ///< wall time of runs that nobody watched; 0 where there are none
  Comparison watching;    ///< watched runs by unwatched ones
  /// Share of the median run's wall time in which at least one operator ran; nested spans count once.
  double coverage = 0;
  std::vector<OperatorTime> operators;  ///< slowest first
  std::vector<TypeTime> by_type;        ///< slowest first
  /// Median by position in the main graph, what is nested included. A fused step's time is split by its
  /// nodes' FLOPs where those are given, else evenly.
  std::vector<double> node_ms;
};

/// `node_flops`: FLOPs by position in the main graph (0 where not known), or nothing.
TraceSummary summarize(const Trace& trace, const std::vector<double>& node_flops = {});

/// Writes the object form that Perfetto opens: lanes named, one slice a span, counters for memory;
/// microseconds with three decimals; arrows for tensors that go from one lane to another. Spans that partly
/// overlap others of their lane go to a lane of their own. A failure leaves no half file. Throws Error on
/// I/O.
void write_chrome_trace(const Trace& trace, const std::string& path);

}  // namespace lapidary
