#pragma once

#include <string>
#include <unordered_map>

#include "engine/trace/trace.h"
#include "engine/trace/trace_events.h"

namespace lapidary {

/// What the spans of an imported trace say about operators: one step for all spans that say the same.
class ImportedSteps {
 public:
  explicit ImportedSteps(Trace& trace) : trace_(trace) {}
  /// The step of a span with this event's name, category and arguments; its position in the trace's steps.
  int step_of(const TraceEvent& event);

 private:
  Trace& trace_;
  std::unordered_map<std::string, int> index_of_;
  std::string key_;
};

}  // namespace lapidary
