#include "engine/compare/local_comparison.h"

#include <algorithm>
#include <cmath>

#include "engine/analysis/model_cost.h"
#include "engine/compare/permutation.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

/// Whose values to give to both: the coarser type's, for the finer one holds them exactly; else the side's
/// that cannot be run again or is the costlier one to run in pieces.
Fed choose_fed(const LocalComparison::Side& a, const LocalComparison::Side& b, const Runner& exact) {
  if (!a.can_run || !b.can_run) return a.can_run ? Fed::B : Fed::A;
  if (a.runner.float64 != b.runner.float64) return a.runner.float64 ? Fed::B : Fed::A;
  const bool a_is_exact = a.runner.backend == exact.backend, b_is_exact = b.runner.backend == exact.backend;
  return a_is_exact && !b_is_exact ? Fed::B : Fed::A;
}

/// Multiply-adds for an element of the outputs: how long the sums are.
double reduction_of(const SectionedGraph& graph, const Section& section, const Values& inputs,
                    const Values& made) {
  std::vector<std::pair<std::string, Datum>> named(inputs.begin(), inputs.end());
  const double macs = cost_of_run(*graph.model_of(section, inputs), named).macs;
  double elements = 0, read = 0;
  for (const auto& [name, value] : made)
    if (value.is_tensor()) elements += static_cast<double>(value.tensor().size());
  for (const auto& [name, value] : inputs)
    if (value.is_tensor()) read += static_cast<double>(value.tensor().size());
  return std::max(macs, read) / std::max(1.0, elements);
}

std::string sizes_differ(const Tensor& a, const Tensor& b) {
  return "is " + to_string(b.dims()) + " and not " + to_string(a.dims());
}

}  // namespace

double rounding_tolerance(DataType a, DataType b, double reduction) {
  const double coarser = std::max(epsilon_of(a), epsilon_of(b));
  if (coarser == 0) return 0;
  const double summing =
      std::max(std::min(coarser, epsilon_of(DataType::Float32)), epsilon_of(DataType::Float64));
  return 4 * coarser + summing * (32 + 4 * std::sqrt(std::max(0.0, reduction)));
}

LocalComparison::LocalComparison(Side a, Side b, const Alignment& alignment, Runner exact)
    : a_(std::move(a)),
      b_(std::move(b)),
      b_of_a_(alignment.names()),
      exact_(std::move(exact)),
      fed_(choose_fed(a_, b_, exact_)) {
  for (const auto* list : {&alignment.inputs, &alignment.tensors})
    for (const auto& pair : *list) pair_of_a_[pair.a] = pair, pair_of_b_[pair.b] = pair;
}

std::optional<Values> LocalComparison::inputs_for(const Side& side, const Section& section,
                                                  const Values& values) const {
  const bool is_a = &side == &a_, values_are_of_a = fed_ == Fed::A;
  Values inputs;
  for (const auto& name : section.inputs) {
    const auto& pairs = is_a ? pair_of_a_ : pair_of_b_;
    const auto pair = pairs.find(name);
    if (pair == pairs.end()) return std::nullopt;
    const auto value = values.find(values_are_of_a ? pair->second.a : pair->second.b);
    if (value == values.end() || !value->second.is_present()) return std::nullopt;
    Datum given = value->second;
    if (is_a != values_are_of_a && given.is_tensor() && !pair->second.permutation.empty())
      given = permuted(given.tensor(), is_a ? inverse(pair->second.permutation) : pair->second.permutation);
    inputs[name] = std::move(given);
  }
  return inputs;
}

std::optional<LocalDifference> LocalComparison::compare(const TensorGroup& group,
                                                        const Values& values) const {
  LocalDifference difference;
  difference.form = compare_form(*a_.graph, group.a, *b_.graph, group.b, b_of_a_);
  if (run_alike() && difference.form.is_equal()) {
    for (const auto& pair : group.pairs) difference.outputs[pair.a];
    return difference;
  }
  const auto inputs_a = inputs_for(a_, group.a, values), inputs_b = inputs_for(b_, group.b, values);
  const bool runs_a = run_alike() || fed_ == Fed::B, runs_b = run_alike() || fed_ == Fed::A;
  if ((runs_a && !inputs_a) || (runs_b && !inputs_b)) return std::nullopt;
  Values made_a, made_b;
  try {
    if (runs_a) made_a = a_.runner.run(*a_.graph, group.a, *inputs_a);
  } catch (const Error&) {
    return std::nullopt;
  }
  if (inputs_a) difference.inputs = *inputs_a;
  try {
    if (runs_b) made_b = b_.runner.run(*b_.graph, group.b, *inputs_b);
  } catch (const Error& error) {
    for (const auto& pair : group.pairs)
      difference.outputs[pair.a] = {{}, 0, true, "does not run on the same inputs: " + error.message()};
    return difference;
  }
  const double reduction = runs_a ? reduction_of(*a_.graph, group.a, *inputs_a, made_a)
                                  : reduction_of(*b_.graph, group.b, *inputs_b, made_b);
  const Values &of_a = runs_a ? made_a : values, &of_b = runs_b ? made_b : values;
  judge(group, of_a, of_b, reduction, difference);
  if (inputs_a && !difference.parts()) compare_exactly(group, values, difference);
  if (inputs_a && difference.parts() && !run_alike()) find_nearer(group, of_a, of_b, difference);
  if (!difference.parts()) difference.inputs.clear();
  return difference;
}

void LocalComparison::find_nearer(const TensorGroup& group, const Values& of_a, const Values& of_b,
                                  LocalDifference& difference) const {
  if (!exact_.backend) return;
  try {
    const Values exact = exact_.run(*a_.graph, group.a, difference.inputs);
    for (const auto& pair : group.pairs) {
      auto& output = difference.outputs[pair.a];
      if (!output.parts || !output.problem.empty()) continue;
      const Tensor& wanted = exact.at(pair.a).tensor();
      const double a = metrics_of(of_a.at(pair.a).tensor(), wanted).rmse;
      const double b = metrics_of(unpermuted(of_b.at(pair.b).tensor(), pair.permutation), wanted).rmse;
      output.nearer = a < b ? Fed::A : Fed::B;
    }
  } catch (const Error&) {
    // Nothing is known of what cannot be run in float64.
  }
}

bool LocalDifference::parts() const {
  return std::any_of(outputs.begin(), outputs.end(), [](const auto& output) { return output.second.parts; });
}

void LocalComparison::judge(const TensorGroup& group, const Values& of_a, const Values& of_b,
                            double reduction, LocalDifference& difference) const {
  for (const auto& pair : group.pairs) {
    const auto a = of_a.find(pair.a), b = of_b.find(pair.b);
    if (a == of_a.end() || b == of_b.end() || !a->second.is_tensor() || !b->second.is_tensor()) continue;
    const Tensor &want = a->second.tensor(), got = unpermuted(b->second.tensor(), pair.permutation);
    if (!has_metrics(want) || !has_metrics(got)) continue;
    auto& output = difference.outputs[pair.a];
    if (want.dims() != got.dims()) {
      output.parts = true;
      output.problem = sizes_differ(want, got);
      continue;
    }
    output.metrics = metrics_of(got, want);
    output.tolerance = rounding_tolerance(want.type(), got.type(), reduction);
    const bool is_quantized = is_integer(want.type()) && bits_of(want.type()) <= 8 && !run_alike();
    const bool is_one_step = is_quantized && output.metrics.max_absolute <= 1;
    output.parts =
        !output.metrics.identical && !is_one_step && output.metrics.relative_to_scale() > output.tolerance;
  }
}

void LocalComparison::compare_exactly(const TensorGroup& group, const Values& values,
                                      LocalDifference& difference) const {
  const auto is_identical = [](const auto& output) { return output.second.metrics.identical; };
  if (!difference.form.is_alike || difference.form.notes.empty() || !exact_.backend ||
      std::all_of(difference.outputs.begin(), difference.outputs.end(), is_identical))
    return;
  try {
    const Values of_a = exact_.run(*a_.graph, group.a, *inputs_for(a_, group.a, values));
    const Values of_b = exact_.run(*b_.graph, group.b, *inputs_for(b_, group.b, values));
    for (const auto& pair : group.pairs) {
      const auto a = of_a.find(pair.a), b = of_b.find(pair.b);
      auto& output = difference.outputs[pair.a];
      if (a == of_a.end() || b == of_b.end() || !a->second.is_tensor() || !has_metrics(a->second.tensor()) ||
          output.metrics.identical)
        continue;
      constexpr double float64_rounding = 1e-11;
      const TensorMetrics exact =
          metrics_of(unpermuted(b->second.tensor(), pair.permutation), a->second.tensor());
      output.parts = exact.relative_to_scale() > float64_rounding;
    }
  } catch (const Error&) {
    // The comparison in the models' own types stands.
  }
}

}  // namespace lapidary
