#include "engine/trace/trace.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>

namespace lapidary {

int Trace::median_run() const {
  std::vector<int> order(runs.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  if (order.empty()) return -1;
  const auto duration = [&](int i) { return runs[i].end_ns - runs[i].begin_ns; };
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>((order.size() - 1) / 2);
  std::nth_element(order.begin(), middle, order.end(),
                   [&](int a, int b) { return duration(a) < duration(b); });
  return *middle;
}

namespace {

/// Steps are told apart by their address, which a step of another shape may get once the first is gone.
bool is_same(const Step& recorded, const Step& step) {
  return recorded.name == step.name && recorded.op_type == step.op_type && recorded.flops == step.flops &&
         recorded.bytes == step.bytes && recorded.implementation == step.implementation;
}

}  // namespace

struct TraceRecorder::Impl {
  std::mutex mutex;
  std::int64_t origin_ns = now_ns();
  Trace trace;
  std::unordered_map<const Step*, int> index_of;
};

TraceRecorder::TraceRecorder() : impl_(std::make_unique<Impl>()) {}
TraceRecorder::~TraceRecorder() = default;

void TraceRecorder::run_begin(std::int64_t time_ns) {
  const std::scoped_lock lock(impl_->mutex);
  const std::int64_t begin = time_ns - impl_->origin_ns;
  impl_->trace.runs.push_back({begin, begin});
}

void TraceRecorder::run_end(std::int64_t time_ns) {
  const std::scoped_lock lock(impl_->mutex);
  if (!impl_->trace.runs.empty()) impl_->trace.runs.back().end_ns = time_ns - impl_->origin_ns;
}

void TraceRecorder::step(const Step& step, std::int64_t begin_ns, std::int64_t end_ns, int thread) {
  const std::scoped_lock lock(impl_->mutex);
  Trace& trace = impl_->trace;
  const auto [place, fresh] = impl_->index_of.try_emplace(&step, static_cast<int>(trace.steps.size()));
  if (!fresh && !is_same(trace.steps[static_cast<std::size_t>(place->second)], step))
    place->second = static_cast<int>(trace.steps.size());
  if (place->second == static_cast<int>(trace.steps.size())) trace.steps.push_back(step);
  while (static_cast<int>(trace.lanes.size()) <= thread)
    trace.lanes.push_back({"Thread " + std::to_string(trace.lanes.size() + 1)});
  const int run = static_cast<int>(trace.runs.size()) - 1;
  trace.spans.push_back({place->second, thread, run, begin_ns - impl_->origin_ns, end_ns - impl_->origin_ns});
}

void TraceRecorder::memory(std::int64_t bytes, std::int64_t time_ns) {
  const std::scoped_lock lock(impl_->mutex);
  impl_->trace.memory.push_back({time_ns - impl_->origin_ns, bytes});
}

Trace TraceRecorder::finish() {
  const std::scoped_lock lock(impl_->mutex);
  Trace trace = impl_->trace;
  std::stable_sort(trace.spans.begin(), trace.spans.end(), [](const Span& a, const Span& b) {
    if (a.run != b.run) return a.run < b.run;
    if (a.begin_ns != b.begin_ns) return a.begin_ns < b.begin_ns;
    return a.end_ns > b.end_ns;
  });
  return trace;
}

}  // namespace lapidary
