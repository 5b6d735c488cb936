#include "engine/trace/measurement.h"

#include <algorithm>
#include <cmath>

#include "engine/runtime/backend.h"

namespace lapidary {
namespace {

constexpr int least_measurements = 6;  // 2 · 2⁻⁶ is the first below one in 20

double milliseconds_of(const std::function<void()>& run) {
  const std::int64_t begin_ns = now_ns();
  run();
  return static_cast<double>(now_ns() - begin_ns) * 1e-6;
}

/// How many of the smallest measurements, and of the largest, can be left out: so many that more tosses of a
/// fair coin than that many show heads with 39 chances in 40.
int left_out(int count) {
  constexpr double most = 0.025;
  double probability = std::exp2(-count), sum = 0;
  for (int heads = 0; heads < count / 2; ++heads) {
    sum += probability;
    if (sum > most) return heads;
    probability *= static_cast<double>(count - heads) / (heads + 1);
  }
  return count / 2;
}

}  // namespace

double median_of(std::vector<double> values) {
  if (values.empty()) return 0;
  const std::size_t middle = values.size() / 2;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(middle), values.end());
  if (values.size() % 2) return values[middle];
  const auto half = values.begin() + static_cast<std::ptrdiff_t>(middle);
  return (values[middle] + *std::max_element(values.begin(), half)) / 2;
}

double deviation_of(std::vector<double> values) {
  const double center = median_of(values);
  for (double& value : values) value = std::abs(value - center);
  return 1.4826 * median_of(std::move(values));
}

Interval median_interval(std::vector<double> measurements) {
  if (measurements.empty()) return {};
  std::sort(measurements.begin(), measurements.end());
  constexpr std::size_t most = 1000;  // the tosses' chances are numbers of double only so far
  const auto count = static_cast<int>(measurements.size());
  const int tossed = static_cast<int>(std::min(measurements.size(), most));
  const int rank = std::max(1, left_out(tossed) * count / tossed);
  return {median_of(measurements), measurements[static_cast<std::size_t>(rank - 1)],
          measurements[static_cast<std::size_t>(count - rank)]};
}

bool Comparison::differs() const {
  return pairs >= least_measurements &&
         (ratio.low > 1 + least_difference || ratio.high < 1 / (1 + least_difference));
}

Comparison compare_pairs(const std::vector<double>& first, const std::vector<double>& second) {
  Comparison comparison;
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(first.size(), second.size()); ++i)
    if (first[i] > 0) ratios.push_back(second[i] / first[i]);
  comparison.pairs = static_cast<int>(ratios.size());
  comparison.ratio = median_interval(std::move(ratios));
  return comparison;
}

PairedTimes time_in_turns(const std::function<void()>& first, const std::function<void()>& second,
                          int turns) {
  PairedTimes times;
  for (int turn = 0; turn < turns; ++turn) {
    if (turn % 2 == 0) times.first_ms.push_back(milliseconds_of(first));
    times.second_ms.push_back(milliseconds_of(second));
    if (turn % 2 == 1) times.first_ms.push_back(milliseconds_of(first));
  }
  return times;
}

int warm_up(const std::function<void()>& run) {
  constexpr int most_runs = 50;
  constexpr double most_ms = 3000, close = 1.05;
  std::vector<double> times;
  double sum_ms = 0;
  while (static_cast<int>(times.size()) < most_runs && (times.size() < 2 || sum_ms < most_ms)) {
    times.push_back(milliseconds_of(run));
    sum_ms += times.back();
    if (times.size() < 3) continue;
    const auto [fastest, slowest] = std::minmax_element(times.end() - 3, times.end());
    if (*slowest <= *fastest * close && *fastest <= *std::min_element(times.begin(), times.end()) * close)
      break;
  }
  return static_cast<int>(times.size());
}

}  // namespace lapidary
