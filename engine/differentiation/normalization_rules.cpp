#include "engine/differentiation/rules.h"
#include "engine/model/error.h"

namespace lapidary::differentiation {
namespace {

using E = Expression;
using Integers = std::vector<std::int64_t>;

std::size_t known_rank(const Reverse& r) {
  const auto& shape = r.input_shapes.at(0);
  if (!shape) throw Error(r.node.op_type + " can be differentiated only for known ranks");
  return shape->size();
}

Integers axes_from(std::int64_t first, std::size_t rank) {
  Integers axes;
  for (std::int64_t axis = first; axis < static_cast<std::int64_t>(rank); ++axis) axes.push_back(axis);
  return axes;
}

double epsilon_of(const Reverse& r) { return static_cast<double>(r.attribute("epsilon", 1e-5f)); }

E reduced(const char* op, const E& value, const Integers& axes) {
  return value.writer->call(op, {value, value.writer->integers(axes)}, {{"keepdims", std::int64_t{1}}});
}

/// [C] as [C, 1, …], to meet [N, C, …].
E by_channel(const E& value, std::size_t rank) {
  if (rank < 3) return value;
  return value.writer->call("Unsqueeze", {value, value.writer->integers(axes_from(1, rank - 1))});
}

/// The derivative by each channel's number.
E channel_sum(const E& value, const E& like, std::size_t rank) {
  return reshaped_as(unbroadcast(value, by_channel(like, rank)), like);
}

/// n = (x − mean)/√(variance + ε), over `axes`.
struct Normalized {
  E n, inverse;
  Integers axes;

  /// dx = (dn − mean(dn) − n·mean(dn·n))/√(variance + ε)
  E derivative(const E& dn) const {
    return (dn - reduced("ReduceMean", dn, axes) - n * reduced("ReduceMean", dn * n, axes)) * inverse;
  }
};

Normalized normalized(const E& x, const Integers& axes, double epsilon) {
  const E centered = x - reduced("ReduceMean", x, axes);
  const E inverse = 1.0 / apply("Sqrt", reduced("ReduceMean", centered * centered, axes) + epsilon);
  return {centered * inverse, inverse, axes};
}

/// y = scale·(x − mean)/√(variance + ε) + bias, with given mean and variance.
std::vector<E> batch_normalization(Reverse& r) {
  if (r.attribute("training_mode", std::int64_t{0}) != 0 || r.version < 7)
    throw Error("BatchNormalization can be differentiated only where it does not train");
  const std::size_t rank = known_rank(r);
  const E &x = r.inputs[0], &dy = r.upstream[0];
  const E variance = by_channel(r.inputs[4], rank) + epsilon_of(r);
  const E inverse = 1.0 / apply("Sqrt", variance);
  const E centered = x - by_channel(r.inputs[3], rank);
  const E slope = dy * by_channel(r.inputs[1], rank) * inverse;
  return {slope, channel_sum(dy * centered * inverse, r.inputs[1], rank), channel_sum(dy, r.inputs[2], rank),
          channel_sum(-slope, r.inputs[3], rank),
          channel_sum(slope * centered / variance * -0.5, r.inputs[4], rank)};
}

std::vector<E> layer_normalization(Reverse& r) {
  const E &scale = r.inputs[1], &dy = r.upstream[0];
  const std::size_t rank = known_rank(r);
  const std::int64_t first = r.attribute("axis", std::int64_t{-1});
  const auto from = first < 0 ? first + static_cast<std::int64_t>(rank) : first;
  const Normalized x = normalized(r.inputs[0], axes_from(from, rank), epsilon_of(r));
  std::vector<E> result = {x.derivative(dy * scale), unbroadcast(dy * x.n, scale)};
  if (r.inputs.size() > 2 && r.inputs[2].is_present()) result.push_back(unbroadcast(dy, r.inputs[2]));
  return result;
}

std::vector<E> instance_normalization(Reverse& r) {
  const std::size_t rank = known_rank(r);
  const Normalized x = normalized(r.inputs[0], axes_from(2, rank), epsilon_of(r));
  const E& dy = r.upstream[0];
  return {x.derivative(dy * by_channel(r.inputs[1], rank)), channel_sum(dy * x.n, r.inputs[1], rank),
          channel_sum(dy, r.inputs[2], rank)};
}

/// As version 21 has it, with a scale and a bias for each channel. Groups are rows of [N, groups, the rest].
std::vector<E> group_normalization(Reverse& r) {
  if (r.version < 21) throw Error("GroupNormalization can be differentiated from version 21 on");
  const std::size_t rank = known_rank(r);
  Writer& w = r.writer;
  const E rows = w.integers({0, r.attribute("num_groups", std::int64_t{1}), -1});
  const auto grouped = [&](const E& value) { return w.call("Reshape", {value, rows}); };
  const Normalized x = normalized(grouped(r.inputs[0]), {2}, epsilon_of(r));
  const E& dy = r.upstream[0];
  return {reshaped_as(x.derivative(grouped(dy * by_channel(r.inputs[1], rank))), r.inputs[0]),
          channel_sum(dy * reshaped_as(x.n, dy), r.inputs[1], rank), channel_sum(dy, r.inputs[2], rank)};
}

std::vector<E> mean_variance_normalization(Reverse& r) {
  auto axes = r.attribute("axes", Integers{});
  if (axes.empty()) axes = {0, 2, 3};
  return {normalized(r.inputs[0], axes, 0).derivative(r.upstream[0])};
}

/// With the norm N along the axis, dx = (dy − Σ(dy·y)·dN/dx)/N, where dN/dx is y for p = 2 and the sign for p
/// = 1.
std::vector<E> lp_normalization(Reverse& r) {
  const E &x = r.inputs[0], &y = r.outputs[0], &dy = r.upstream[0];
  const Integers axis = {r.attribute("axis", std::int64_t{-1})};
  const bool is_first = r.attribute("p", std::int64_t{2}) == 1;
  const E norm = reduced(is_first ? "ReduceL1" : "ReduceL2", x, axis);
  return {(dy - reduced("ReduceSum", dy * y, axis) * (is_first ? apply("Sign", x) : y)) / norm};
}

// --- losses ---

/// Derivatives by log probabilities [N, C, …]: at each target −weight, divided by the weights' sum for a
/// mean.
E by_log_probabilities(const Reverse& r) {
  Writer& w = r.writer;
  const E &x = r.inputs[0], &dy = r.upstream[0];
  E target = w.call("Cast", {r.inputs[1]}, {{"to", std::int64_t{7}}});
  const E one = w.number(1, x);
  E weight = expanded_as(one, target);
  const bool ignores = r.node.find_attribute("ignore_index") != nullptr;
  E counted = weight;
  if (ignores) {
    const E is_ignored = w.call("Equal", {target, w.integer(r.attribute("ignore_index", std::int64_t{0}))});
    counted = 1.0 - w.call("CastLike", {is_ignored, x});
    target = w.call("Where", {is_ignored, w.integer(0), target});
  }
  if (r.inputs.size() > 2 && r.inputs[2].is_present()) weight = w.call("Gather", {r.inputs[2], target});
  weight = weight * counted;
  E share = -(dy * weight);
  if (r.attribute("reduction", std::string("mean")) == "mean")
    share = share / w.call("ReduceSum", {weight}, {{"keepdims", std::int64_t{0}}});
  const E axis = w.integers({1});
  return w.call("ScatterElements",
                {expanded_as(w.number(0, x), x), w.call("Unsqueeze", {target, axis}),
                 w.call("Unsqueeze", {share, axis})},
                {{"axis", std::int64_t{1}}});
}

std::vector<E> negative_log_likelihood(Reverse& r) { return {by_log_probabilities(r)}; }

/// Through the logarithm of the softmax: dx = d − softmax(x)·Σ d.
std::vector<E> softmax_cross_entropy(Reverse& r) {
  if (!r.upstream[0].is_present() || (r.upstream.size() > 1 && r.upstream[1].is_present()))
    throw Error("SoftmaxCrossEntropyLoss can be differentiated only by its loss");
  const E d = by_log_probabilities(r);
  const E softmax = r.writer.call("Softmax", {r.inputs[0]}, {{"axis", std::int64_t{1}}});
  return {d - softmax * reduced("ReduceSum", d, {1})};
}

}  // namespace

const std::vector<NamedRule>& normalization_rules() {
  static const std::vector<NamedRule> rules = {
      {"BatchNormalization", batch_normalization},
      {"GroupNormalization", group_normalization},
      {"InstanceNormalization", instance_normalization},
      {"LayerNormalization", layer_normalization},
      {"LpNormalization", lp_normalization},
      {"MeanVarianceNormalization", mean_variance_normalization},
      {"NegativeLogLikelihoodLoss", negative_log_likelihood},
      {"SoftmaxCrossEntropyLoss", softmax_cross_entropy},
  };
  return rules;
}

}  // namespace lapidary::differentiation
