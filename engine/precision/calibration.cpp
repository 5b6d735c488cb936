#include "engine/precision/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/runtime/suggested_inputs.h"

namespace lapidary {

void visit_tensors(const ModelPointer& model, const Backend& backend, const InputSets& sets, Shown shown,
                   const TensorVisitor& visit, const Progress& progress) {
  CompileOptions options;
  options.keep_intermediates = shown == Shown::All;
  const auto program = backend.compile(model, options);
  const auto inputs = unfilled_inputs(*model);
  for (std::size_t set = 0; set < sets.size(); ++set) {
    const auto show = [&](const std::string& name, const Datum& datum) {
      if (datum.is_tensor() && is_floating(datum.tensor().type())) visit(set, name, datum.tensor());
    };
    for (std::size_t i = 0; i < inputs.size() && shown == Shown::All; ++i) show(inputs[i].name, sets[set][i]);
    const auto made = program->run(sets[set]);
    for (std::size_t i = 0; i < made.size(); ++i) show(program->outputs()[i].name, made[i]);
    if (progress) progress(set + 1, sets.size());
  }
}

void SizeHistogram::widen(const Tensor& tensor) {
  for (const float number : values_as<float>(tensor)) {
    if (!std::isfinite(number)) continue;
    range_.low = is_empty_ ? number : std::min(range_.low, static_cast<double>(number));
    range_.high = is_empty_ ? number : std::max(range_.high, static_cast<double>(number));
    is_empty_ = false;
  }
}

double SizeHistogram::largest() const { return std::max(std::abs(range_.low), std::abs(range_.high)); }

void SizeHistogram::count(const Tensor& tensor) {
  if (counts_.empty()) counts_.assign(bins, 0);
  const double per_size = largest() > 0 ? bins / largest() : 0;
  for (const float number : values_as<float>(tensor))
    if (std::isfinite(number))
      ++counts_[static_cast<std::size_t>(std::min(std::abs(number) * per_size, bins - 1.0))];
}

ValueRange SizeHistogram::cut(double limit) const {
  return {std::max(range_.low, -limit), std::min(range_.high, limit)};
}

ValueRange SizeHistogram::percentile(double share) const {
  double all = 0, below = 0;
  for (const double count : counts_) all += count;
  for (std::size_t bin = 0; bin < counts_.size(); ++bin) {
    below += counts_[bin];
    if (below >= share * all) return cut(largest() * static_cast<double>(bin + 1) / bins);
  }
  return range_;
}

namespace {

/// Σ p·log(p/q) over the first `end` bins. p counts what lies beyond in its last bin; q is p seen through
/// `levels` equal steps, each spread evenly over those of its bins that are not empty.
double divergence(const std::vector<double>& counts, std::size_t end, std::size_t levels) {
  std::vector<double> p(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(end)), q(end, 0);
  double all = 0;
  for (const double count : counts) all += count;
  for (std::size_t bin = end; bin < counts.size(); ++bin) p[end - 1] += counts[bin];
  double seen = 0;
  for (std::size_t level = 0; level < levels; ++level) {
    const std::size_t begin = level * end / levels, stop = (level + 1) * end / levels;
    double sum = 0, filled = 0;
    for (std::size_t bin = begin; bin < stop; ++bin) sum += counts[bin], filled += counts[bin] > 0 ? 1 : 0;
    for (std::size_t bin = begin; bin < stop; ++bin) q[bin] = counts[bin] > 0 ? sum / filled : 0;
    seen += sum;
  }
  constexpr double least = 1e-9;  // what q gives to a bin that it says is empty
  double result = 0;
  for (std::size_t bin = 0; bin < end; ++bin)
    if (p[bin] > 0) result += p[bin] / all * std::log((p[bin] / all) / std::max(q[bin] / seen, least));
  return result;
}

}  // namespace

ValueRange SizeHistogram::least_divergence() const {
  // 8 bits have 255 steps: all on one side of 0, or half of them on each.
  const bool is_one_sided = range_.low >= 0 || range_.high <= 0;
  const std::size_t levels = is_one_sided ? 255 : 128;
  std::size_t best = bins;
  double least = std::numeric_limits<double>::infinity();
  constexpr std::size_t step = 8;
  for (std::size_t end = levels; end <= counts_.size(); end += step) {
    const double here = divergence(counts_, end, levels);
    if (here < least) least = here, best = end;
  }
  if (divergence(counts_, counts_.size(), levels) <= least) best = bins;
  return cut(largest() * static_cast<double>(best) / bins);
}

std::map<std::string, ValueRange> find_ranges(const ModelPointer& model, const Backend& backend,
                                              const InputSets& sets, const CalibrationOptions& options) {
  std::map<std::string, SizeHistogram> histograms;
  const std::size_t passes = options.method == CalibrationMethod::MinMax ? 1 : 2;
  const auto progress = [&](std::size_t pass) {
    return [&, pass](std::size_t done, std::size_t all) {
      if (options.progress) options.progress(pass * all + done, passes * all);
    };
  };
  visit_tensors(
      model, backend, sets, Shown::All,
      [&](std::size_t, const std::string& name, const Tensor& tensor) { histograms[name].widen(tensor); },
      progress(0));
  if (passes > 1)
    visit_tensors(
        model, backend, sets, Shown::All,
        [&](std::size_t, const std::string& name, const Tensor& tensor) { histograms[name].count(tensor); },
        progress(1));
  std::map<std::string, ValueRange> ranges;
  for (const auto& [name, histogram] : histograms)
    ranges[name] = options.method == CalibrationMethod::MinMax    ? histogram.range()
                   : options.method == CalibrationMethod::Entropy ? histogram.least_divergence()
                                                                  : histogram.percentile(options.share);
  return ranges;
}

}  // namespace lapidary
