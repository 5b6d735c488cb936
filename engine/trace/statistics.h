#pragma once

#include <string>
#include <vector>

#include "engine/trace/trace.h"

namespace lapidary {

/// One step over all runs of a trace: a row of the operators' table.
struct OperatorTime {
  int step = 0;
  std::string node, op;
  std::vector<int> nodes;                                   ///< positions in the model's main graph
  int calls = 0;                                            ///< in one run
  double total_ms = 0;                                      ///< median over runs
  double minimum_ms = 0, maximum_ms = 0, deviation_ms = 0;  ///< deviation: median absolute deviation · 1.4826
  double share = 0;                                         ///< of the runs' median wall time
  double flops = 0, bytes = 0;                              ///< one run
  double gflops = 0;                                        ///< per second
  std::string bound;                                        ///< "compute", "memory" or "overhead"
  std::string implementation, note;
};

struct TypeTime {
  std::string op;
  int calls = 0;
  double total_ms = 0, share = 0, flops = 0, gflops = 0;
};

struct TraceSummary {
  double total_ms = 0;  ///< median wall time of a run
  double deviation_ms = 0;
  double coverage = 0;  ///< operators' sum over wall time, of the median run; nested spans count once
  std::vector<OperatorTime> operators;  ///< slowest first
  std::vector<TypeTime> by_type;        ///< slowest first
  std::vector<double> node_ms;  ///< median by position in the main graph; a fused step's time is split
                                ///< evenly… by FLOPs where known
};

TraceSummary summarize(const Trace& trace);

/// Writes the object form that Perfetto opens: lanes named, one slice a span, counters for memory. Throws
/// Error on I/O.
void write_chrome_trace(const Trace& trace, const std::string& path);

}  // namespace lapidary
