#include "engine/trace/import_flows.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "engine/trace/json_cursor.h"
#include "engine/trace/tracks.h"

namespace lapidary {

int ImportedFlows::name_of(std::string_view raw) {
  const auto [place, fresh] = names_.try_emplace(unescaped(raw), static_cast<int>(trace_.names.size()));
  if (fresh) trace_.names.push_back(place->first);
  return place->second;
}

void ImportedFlows::add(const TraceEvent& event, const std::string& identity, int lane) {
  const int flow = flows_.try_emplace(identity, static_cast<int>(flows_.size())).first->second;
  const bool enclosing = event.phase != 'f' || event.binding == "e";
  points_.push_back({flow, name_of(event.name), lane, event.time_ns, event.phase == 's', enclosing});
}

void ImportedFlows::shift(std::int64_t begin_ns) {
  for (Point& point : points_) point.time_ns -= begin_ns;
}

/// Walks each thread's spans and points together, in time.
void ImportedFlows::find_spans(const std::vector<int>& thread_of_lane) {
  const auto thread_of = [&](const Span& span) {
    return thread_of_lane[static_cast<std::size_t>(span.lane)];
  };
  auto spans = order_of_spans(trace_.spans);
  std::stable_sort(spans.begin(), spans.end(), [&](std::size_t a, std::size_t b) {
    return thread_of(trace_.spans[a]) < thread_of(trace_.spans[b]);
  });
  std::vector<std::size_t> points(points_.size());
  std::iota(points.begin(), points.end(), std::size_t{0});
  std::stable_sort(points.begin(), points.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(points_[a].lane, points_[a].time_ns) < std::pair(points_[b].lane, points_[b].time_ns);
  });
  auto next = spans.begin();
  std::vector<std::size_t> open;
  int thread = -1;
  for (const std::size_t index : points) {
    Point& point = points_[index];
    if (point.lane != thread) open.clear();
    thread = point.lane;
    for (; next != spans.end(); ++next) {
      const Span& span = trace_.spans[*next];
      if (std::pair(thread_of(span), span.begin_ns) > std::pair(thread, point.time_ns)) break;
      if (thread_of(span) == thread) open.push_back(*next);
    }
    while (!open.empty() && trace_.spans[open.back()].end_ns < point.time_ns) open.pop_back();
    const bool follows = next != spans.end() && thread_of(trace_.spans[*next]) == thread;
    if (!open.empty() && (point.enclosing || trace_.spans[open.back()].begin_ns == point.time_ns))
      point.span = static_cast<int>(open.back());
    else if (!point.enclosing && follows)
      point.span = static_cast<int>(*next);
  }
}

void ImportedFlows::bind(const std::vector<int>& lane_of_thread, const std::vector<int>& thread_of_lane) {
  for (Point& point : points_) point.lane = lane_of_thread[static_cast<std::size_t>(point.lane)];
  find_spans(thread_of_lane);
  std::stable_sort(points_.begin(), points_.end(), [](const Point& a, const Point& b) {
    return std::tuple(a.flow, a.time_ns, !a.starts) < std::tuple(b.flow, b.time_ns, !b.starts);
  });
  for (std::size_t i = 1; i < points_.size(); ++i) {
    const Point &from = points_[i - 1], &to = points_[i];
    if (from.flow != to.flow || to.starts) continue;
    trace_.flows.push_back({from.name, from.lane, to.lane, from.span, to.span, from.time_ns, to.time_ns});
  }
  std::stable_sort(trace_.flows.begin(), trace_.flows.end(),
                   [](const Flow& a, const Flow& b) { return a.from_ns < b.from_ns; });
  points_.clear();
}

}  // namespace lapidary
