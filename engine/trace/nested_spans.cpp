#include "engine/trace/nested_spans.h"

#include <map>
#include <vector>

namespace lapidary {

void for_each_own_time(const Trace& trace,
                       const std::function<void(const Span&, std::int64_t own_ns)>& visit) {
  struct Open {
    const Span* span;
    std::int64_t own_ns;
  };
  std::map<std::pair<int, int>, std::vector<Open>> lanes;  // by run and lane, outermost first
  const auto close = [&](std::vector<Open>& open) {
    visit(*open.back().span, open.back().own_ns);
    open.pop_back();
  };
  for (const Span& span : trace.spans) {
    if (!trace.is_operator(span.step)) continue;
    auto& open = lanes[{span.run, span.lane}];
    while (!open.empty() &&
           (open.back().span->end_ns < span.end_ns || open.back().span->end_ns <= span.begin_ns))
      close(open);
    const std::int64_t duration = span.end_ns - span.begin_ns;
    if (!open.empty()) open.back().own_ns -= duration;
    open.push_back({&span, duration});
  }
  for (auto& [lane, open] : lanes)
    while (!open.empty()) close(open);
}

}  // namespace lapidary
