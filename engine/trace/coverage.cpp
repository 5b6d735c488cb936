#include "engine/trace/coverage.h"

#include <algorithm>

namespace lapidary {

double coverage_of(const Trace& trace, int run) {
  if (run < 0 || run >= static_cast<int>(trace.runs.size())) return 0;
  const auto [begin, end] = trace.runs[static_cast<std::size_t>(run)];
  std::int64_t covered = 0, reached = begin;
  for (const Span& span : trace.spans) {  // by begin within the run, whatever the lane
    if (span.run != run || !trace.is_operator(span.step)) continue;
    const std::int64_t from = std::max(reached, span.begin_ns), to = std::min(end, span.end_ns);
    if (to > from) covered += to - from;
    reached = std::max(reached, to);
  }
  return end > begin ? static_cast<double>(covered) / static_cast<double>(end - begin) : 0;
}

}  // namespace lapidary
