#include "engine/ops/ml/scores.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace lapidary {

PostTransform post_transform_named(const std::string& name) {
  static constexpr std::array<std::string_view, 5> names = {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO",
                                                            "PROBIT"};
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw Error("there is no post_transform '" + name + "'");
  return static_cast<PostTransform>(found - names.begin());
}

PostTransform post_transform_of(const KernelContext& context) {
  return post_transform_named(context.text("post_transform", "NONE"));
}

double logistic(double x) {
  const double share = 1 / (1 + std::exp(-std::abs(x)));
  return x < 0 ? 1 - share : share;
}

namespace {

/// sqrt(2) · erf⁻¹(2x - 1), with Winitzki's formula for erf⁻¹, which the standard's reference and the
/// runtimes that models are tested with use too.
double probit(double x) {
  constexpr double a = 0.147, pi = 3.14159265358979323846;
  const double y = 2 * x - 1, log = std::log((1 - y) * (1 + y));
  const double half = 2 / (pi * a) + 0.5 * log;
  return std::copysign(std::sqrt(2 * (std::sqrt(half * half - log / a) - half)), y);
}

void softmax(std::span<double> scores) {
  const double most = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& score : scores) sum += score = std::exp(score - most);
  for (double& score : scores) score /= sum;
}

/// Softmax in which a score of 0 says "nothing known" and stays 0.
void softmax_zero(std::span<double> scores) {
  constexpr double nothing = 1e-7;
  const double most = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& score : scores) {
    score = std::abs(score) > nothing ? std::exp(score - most) : score * std::exp(-most);
    sum += score;
  }
  for (double& score : scores) score = sum == 0 ? 0.5 : score / sum;
}

}  // namespace

void transform_scores(PostTransform transform, std::span<double> scores) {
  if (scores.empty()) return;
  switch (transform) {
    case PostTransform::None:
      return;
    case PostTransform::Softmax:
      return softmax(scores);
    case PostTransform::SoftmaxZero:
      return softmax_zero(scores);
    case PostTransform::Logistic:
      for (double& score : scores) score = logistic(score);
      return;
    case PostTransform::Probit:
      for (double& score : scores) score = probit(score);
      return;
  }
}

void complete_pair(PostTransform transform, bool are_shares, std::span<double> pair) {
  const bool adds_to_one =
      transform == PostTransform::Probit || (transform == PostTransform::None && are_shares);
  pair[0] = adds_to_one ? 1 - pair[1] : -pair[1];
  transform_scores(transform, pair);
}

ClassLabels class_labels(const KernelContext& context, std::string_view integers) {
  ClassLabels labels;
  labels.strings = context.attribute("classlabels_strings", std::vector<std::string>{});
  if (!labels.are_strings()) labels.integers = context.integers(integers);
  if (labels.size() == 0)
    throw Error(context.node().op_type + " needs classlabels_strings or " + std::string(integers));
  return labels;
}

std::size_t greatest(std::span<const double> scores) {
  return static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

Tensor label_tensor(const ClassLabels& labels, const std::vector<std::size_t>& positions) {
  const auto pick = [&]<class T>(const std::vector<T>& names) {
    std::vector<T> picked;
    for (const std::size_t position : positions)
      picked.push_back(names.size() > 1 ? names[position] : position == 1 ? names[0] : T{});
    return Tensor::of(Dims{static_cast<std::int64_t>(picked.size())}, picked);
  };
  return labels.are_strings() ? pick(labels.strings) : pick(labels.integers);
}

void write_labels(KernelContext& context, std::size_t index, const ClassLabels& labels,
                  const std::vector<std::size_t>& positions) {
  context.set_output(index, label_tensor(labels, positions));
}

FeatureMatrix feature_matrix(const KernelContext& context, std::size_t input) {
  const Tensor& tensor = context.input(input);
  const Dims& dims = tensor.dims();
  if (dims.empty() || dims.size() > 2)
    throw Error(context.node().op_type + " takes [N, C] or [C], not " + to_string(dims));
  return {dims.size() == 2 ? dims[0] : 1, dims.back(), values_as<double>(tensor)};
}

void write_scores(KernelContext& context, std::size_t index, Dims dims, const std::vector<double>& scores) {
  context.set_output(index, tensor_from(context.made_type(DataType::Float32), std::move(dims), scores));
}

void check_length(std::string_view name, std::size_t got, std::size_t wanted) {
  if (got != wanted)
    throw Error("attribute '" + std::string(name) + "' has " + std::to_string(got) + " elements and needs " +
                std::to_string(wanted));
}

std::vector<double> real_list(const KernelContext& context, const std::string& name) {
  const std::string wide = name + "_as_tensor";
  if (!context.has_attribute(wide)) {
    const auto narrow = context.attribute(name, std::vector<float>{});
    return {narrow.begin(), narrow.end()};
  }
  if (context.has_attribute(name)) throw Error("has both '" + name + "' and '" + wide + "'");
  const auto tensor = context.attribute(wide, std::shared_ptr<const NamedTensor>());
  if (!tensor || !is_floating(tensor->tensor.type()))
    throw Error("attribute '" + wide + "' is no floating-point tensor");
  return values_as<double>(tensor->tensor.aligned());
}

Dimension row_count(const InferenceContext& context) {
  const auto& shape = context.input_shape(0);
  if (!shape || shape->empty() || shape->size() > 2) return Dimension::unknown();
  return shape->size() == 2 ? (*shape)[0] : Dimension(1);
}

std::size_t infer_labels(InferenceContext& context, std::string_view integers) {
  const auto strings = context.node().attribute_or("classlabels_strings", std::vector<std::string>{});
  const std::size_t count = strings.empty() ? context.integers(integers).size() : strings.size();
  if (count == 0) context.report("no class labels are given");
  if (const auto& shape = context.input_shape(0); shape && (shape->empty() || shape->size() > 2))
    context.report("the input must be [N, C] or [C]");
  context.set_output(0, strings.empty() ? DataType::Int64 : DataType::String, Shape{row_count(context)});
  return count;
}

}  // namespace lapidary
