#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "engine/trace/trace.h"
#include "engine/trace/trace_events.h"

namespace lapidary {

/// The arrows of an imported trace, and the names that arrows and instants share.
class ImportedFlows {
 public:
  explicit ImportedFlows(Trace& trace) : trace_(trace) {}
  /// Position of the name in the trace's names.
  int name_of(std::string_view raw);
  /// A point of the arrow that `identity` tells from others.
  void add(const TraceEvent& event, const std::string& identity, int lane);
  void shift(std::int64_t begin_ns);
  /// Makes the arrows, from point to point, and finds the spans that they bind to, now that lanes and spans
  /// are final. `lane_of_thread`: the lane of each that add() was given; `thread_of_lane`: the one that a
  /// lane belongs to, itself or the one whose overlapping spans it took.
  void bind(const std::vector<int>& lane_of_thread, const std::vector<int>& thread_of_lane);

 private:
  struct Point {
    int flow = 0, name = 0, lane = 0;
    std::int64_t time_ns = 0;
    bool starts = false;     ///< an arrow that bears this identity anew
    bool enclosing = false;  ///< binds to the span around it, else to the next that begins
    int span = -1;
  };
  void find_spans(const std::vector<int>& thread_of_lane);

  Trace& trace_;
  std::unordered_map<std::string, int> names_, flows_;
  std::vector<Point> points_;
};

}  // namespace lapidary
