#pragma once

#include <functional>
#include <string_view>

namespace lapidary {

/// One event of a Chrome trace; texts are views into the file, escapes as they stand there.
struct TraceEvent {
  char phase = 0;
  std::string_view name, category, process, thread, scope, binding;
  std::string_view id;         ///< of "id", or of what "id2" holds
  std::string_view arguments;  ///< the whole object, or empty
  bool has_time = false, has_duration = false;
  long long time_ns = 0, duration_ns = 0;
};

struct TraceEventCounts {
  std::size_t events = 0;    ///< that could be read
  std::size_t repaired = 0;  ///< of these, with quotes in their texts that nobody escaped
  std::size_t damaged = 0;   ///< left out
  bool broken_off = false;   ///< the file ends within an event or without its closing bracket
};

/// Calls `visit` for each event of a trace, in the file's order: an array of events, or an object with
/// `traceEvents`. What is damaged is counted and left out. Throws Error if the text is no trace at all.
TraceEventCounts read_trace_events(std::string_view text,
                                   const std::function<void(const TraceEvent&)>& visit);

}  // namespace lapidary
