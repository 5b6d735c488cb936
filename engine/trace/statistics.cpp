#include "engine/trace/statistics.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <tuple>

#include "engine/trace/coverage.h"

namespace lapidary {
namespace {

constexpr double overhead_ns = 5000, least_use_of_a_roof = 0.02;

/// Nanoseconds of one step by run, and how often it was called in all.
struct StepTimes {
  std::vector<double> own, outermost;  ///< without, and only those not nested in another span
  int calls = 0;
};

std::vector<StepTimes> times_by_step(const Trace& trace) {
  std::vector<StepTimes> times(trace.steps.size());
  for (auto& step : times) {
    step.own.resize(trace.runs.size());
    step.outermost.resize(trace.runs.size());
  }
  std::map<std::pair<int, int>, std::vector<const Span*>> open;  // by run and lane, outermost first
  for (const Span& span : trace.spans) {
    if (span.run < 0 || !trace.is_operator(span.step)) continue;
    auto& around = open[{span.run, span.lane}];
    while (!around.empty() && around.back()->end_ns < span.end_ns) around.pop_back();
    while (!around.empty() && around.back()->end_ns <= span.begin_ns) around.pop_back();
    const auto duration = static_cast<double>(span.end_ns - span.begin_ns);
    StepTimes& step = times[span.step];
    ++step.calls;
    step.own[span.run] += duration;
    if (around.empty())
      step.outermost[span.run] += duration;
    else
      times[around.back()->step].own[span.run] -= duration;
    around.push_back(&span);
  }
  return times;
}

double per_second(double amount, double milliseconds) {
  return milliseconds > 0 ? amount / (milliseconds * 1e-3) : 0;
}

double call_ns(const OperatorTime& row) { return row.total_ms * 1e6 / std::max(1, row.calls); }

void judge_bounds(std::vector<OperatorTime>& rows) {
  double best_flops = 0, best_bytes = 0;
  for (const auto& row : rows) {
    if (call_ns(row) < overhead_ns) continue;
    best_flops = std::max(best_flops, per_second(row.flops, row.total_ms));
    best_bytes = std::max(best_bytes, per_second(row.bytes, row.total_ms));
  }
  for (auto& row : rows) {
    const double compute = best_flops > 0 ? per_second(row.flops, row.total_ms) / best_flops : 0;
    const double memory = best_bytes > 0 ? per_second(row.bytes, row.total_ms) / best_bytes : 0;
    if (call_ns(row) < overhead_ns || std::max(compute, memory) < least_use_of_a_roof)
      row.bound = "overhead";
    else
      row.bound = compute >= memory ? "compute" : "memory";
  }
}

OperatorTime row_of(const Trace& trace, int index, const StepTimes& times, double total_ms) {
  const Step& step = trace.steps[index];
  const int runs = static_cast<int>(trace.runs.size());
  OperatorTime row;
  row.step = index;
  row.node = step.name;
  row.op = step.op_type;
  row.nodes = step.nodes;
  row.calls = (times.calls + runs - 1) / runs;
  row.total_ms = median_of(times.own) * 1e-6;
  row.minimum_ms = *std::min_element(times.own.begin(), times.own.end()) * 1e-6;
  row.maximum_ms = *std::max_element(times.own.begin(), times.own.end()) * 1e-6;
  row.deviation_ms = deviation_of(times.own) * 1e-6;
  const Interval interval = median_interval(times.own);
  row.low_ms = interval.low * 1e-6;
  row.high_ms = interval.high * 1e-6;
  row.share = total_ms > 0 ? row.total_ms / total_ms : 0;
  row.flops = step.flops * row.calls;
  row.macs = step.macs * row.calls;
  row.bytes = static_cast<double>(step.bytes) * row.calls;
  row.gflops = per_second(row.flops, row.total_ms) * 1e-9;
  row.implementation = step.implementation;
  row.note = step.note;
  return row;
}

std::vector<TypeTime> by_type(const std::vector<OperatorTime>& rows, const std::vector<StepTimes>& times) {
  std::map<std::string, TypeTime> types;
  std::map<std::string, std::vector<double>> in_run;  // a type's nanoseconds in each run
  std::map<std::string, std::map<std::string, double>> bound_ms;
  for (const auto& row : rows) {
    TypeTime& type = types[row.op];
    type.op = row.op;
    type.calls += row.calls;
    type.total_ms += row.total_ms;
    type.share += row.share;
    type.flops += row.flops;
    const auto& own = times[static_cast<std::size_t>(row.step)].own;
    auto& sums = in_run[row.op];
    sums.resize(own.size());
    std::transform(own.begin(), own.end(), sums.begin(), sums.begin(), std::plus<>());
    type.macs += row.macs;
    type.bytes += row.bytes;
    bound_ms[row.op][row.bound] += row.total_ms;
  }
  std::vector<TypeTime> list;
  for (auto& [op, type] : types) {
    type.gflops = per_second(type.flops, type.total_ms) * 1e-9;
    type.deviation_ms = deviation_of(in_run[op]) * 1e-6;
    const auto& bounds = bound_ms[op];
    type.bound = std::max_element(bounds.begin(), bounds.end(), [](const auto& a, const auto& b) {
                   return a.second < b.second;
                 })->first;
    list.push_back(std::move(type));
  }
  std::stable_sort(list.begin(), list.end(),
                   [](const auto& a, const auto& b) { return a.total_ms > b.total_ms; });
  return list;
}

/// Each node's part of a step's time, by FLOPs where every node has some, else evenly.
std::vector<double> shares_of(const std::vector<int>& nodes, const std::vector<double>& node_flops) {
  std::vector<double> shares(nodes.size(), 1.0 / static_cast<double>(nodes.size()));
  double sum = 0;
  for (const int node : nodes) {
    const auto index = static_cast<std::size_t>(node);
    if (index >= node_flops.size() || node_flops[index] <= 0) return shares;
    sum += node_flops[index];
  }
  for (std::size_t i = 0; i < nodes.size(); ++i)
    shares[i] = node_flops[static_cast<std::size_t>(nodes[i])] / sum;
  return shares;
}

std::vector<double> node_times(const Trace& trace, const std::vector<StepTimes>& times,
                               const std::vector<double>& node_flops) {
  std::vector<double> node_ms;
  for (std::size_t s = 0; s < trace.steps.size(); ++s) {
    const auto& nodes = trace.steps[s].nodes;
    if (nodes.empty() || times[s].calls == 0) continue;
    const double step_ms = median_of(times[s].outermost) * 1e-6;
    const auto shares = shares_of(nodes, node_flops);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const auto node = static_cast<std::size_t>(nodes[i]);
      if (node >= node_ms.size()) node_ms.resize(node + 1, 0);
      node_ms[node] += step_ms * shares[i];
    }
  }
  return node_ms;
}

/// What the operators make up of the whole, and what watching them costs.
void judge_totals(TraceSummary& summary, const Trace& trace, const std::vector<double>& walls,
                  const std::vector<StepTimes>& times) {
  constexpr double to_ms = 1e-6;
  std::vector<double> sums(walls.size()), gaps,
      unwatched(trace.unwatched_ns.begin(), trace.unwatched_ns.end());
  for (const StepTimes& step : times)
    std::transform(sums.begin(), sums.end(), step.own.begin(), sums.begin(), std::plus<>());
  for (std::size_t run = 0; run < walls.size(); ++run) gaps.push_back(walls[run] - sums[run]);
  const auto milliseconds = [](const Interval& i) {
    return Interval{i.middle * to_ms, i.low * to_ms, i.high * to_ms};
  };
  summary.total_interval_ms = milliseconds(median_interval(walls));
  summary.operators_ms = median_of(sums) * to_ms;
  summary.gap_ms = median_of(gaps) * to_ms;
  summary.unwatched_ms = milliseconds(median_interval(unwatched));
  summary.watching = compare_pairs(unwatched, walls);
}

}  // namespace

TraceSummary summarize(const Trace& trace, const std::vector<double>& node_flops) {
  TraceSummary summary;
  if (trace.runs.empty()) return summary;
  std::vector<double> walls;
  for (const auto& run : trace.runs) walls.push_back(static_cast<double>(run.end_ns - run.begin_ns));
  summary.total_ms = median_of(walls) * 1e-6;
  summary.deviation_ms = deviation_of(walls) * 1e-6;
  summary.coverage = coverage_of(trace, trace.median_run());
  const auto times = times_by_step(trace);
  judge_totals(summary, trace, walls, times);
  for (int step = 0; step < static_cast<int>(times.size()); ++step)
    if (times[step].calls > 0)
      summary.operators.push_back(row_of(trace, step, times[step], summary.total_ms));
  judge_bounds(summary.operators);
  std::stable_sort(summary.operators.begin(), summary.operators.end(),
                   [](const auto& a, const auto& b) { return a.total_ms > b.total_ms; });
  summary.by_type = by_type(summary.operators, times);
  summary.node_ms = node_times(trace, times, node_flops);
  return summary;
}

}  // namespace lapidary
