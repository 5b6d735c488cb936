#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/ops/inference.h"
#include "engine/ops/kernel.h"

/// What the classifiers and regressors of ai.onnx.ml share: rows of features, labels, and what is done to
/// scores.
namespace lapidary {

/// With the numbers of TreeEnsemble-5.
enum class PostTransform { None = 0, Softmax = 1, Logistic = 2, SoftmaxZero = 3, Probit = 4 };

/// NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT; throws Error for another name.
PostTransform post_transform_named(const std::string& name);
/// The attribute `post_transform` as text, NONE where it is left out.
PostTransform post_transform_of(const KernelContext& context);
/// In place, over all scores of one row.
void transform_scores(PostTransform transform, std::span<double> scores);
/// Both scores of a row for which a model has only the second one, and the transform done. Without transform
/// the first is 1 - second where scores are shares (of votes), else -second.
void complete_pair(PostTransform transform, bool are_shares, std::span<double> pair);
/// 1 / (1 + exp(-x)), without overflow.
double logistic(double x);

/// The names of classes: strings or integers.
struct ClassLabels {
  std::vector<std::string> strings;
  std::vector<std::int64_t> integers;

  bool are_strings() const { return !strings.empty(); }
  std::size_t size() const { return are_strings() ? strings.size() : integers.size(); }
  DataType type() const { return are_strings() ? DataType::String : DataType::Int64; }
};
/// From classlabels_strings, or from the attribute named `integers`. Throws Error where there are none.
ClassLabels class_labels(const KernelContext& context, std::string_view integers);
/// The position in the labels of the greatest score, the first of equals.
std::size_t greatest(std::span<const double> scores);
/// Output `index` [N]: the label at each position. With a single label, position 1 stands for it and 0 for
/// "none of it" (0 or an empty text).
void write_labels(KernelContext& context, std::size_t index, const ClassLabels& labels,
                  const std::vector<std::size_t>& positions);
/// The label tensor itself.
Tensor label_tensor(const ClassLabels& labels, const std::vector<std::size_t>& positions);

/// A tensor [N, C] as rows of doubles; [C] is one row.
struct FeatureMatrix {
  std::int64_t rows = 0, columns = 0;
  std::vector<double> values;

  std::span<const double> row(std::int64_t index) const {
    return {values.data() + index * columns, static_cast<std::size_t>(columns)};
  }
};
/// Throws Error for another rank.
FeatureMatrix feature_matrix(const KernelContext& context, std::size_t input);
/// Output `index` of the given sizes, float32 unless the backend computes in float64.
void write_scores(KernelContext& context, std::size_t index, Dims dims, const std::vector<double>& scores);

/// Throws Error saying that attribute `name` has `got` elements and not `wanted`.
void check_length(std::string_view name, std::size_t got, std::size_t wanted);
/// The attribute `name` (floats), or the one with "_as_tensor" behind the name, as doubles.
std::vector<double> real_list(const KernelContext& context, const std::string& name);

// --- inference ---
/// How many rows the input has: the first of two dimensions, 1 for a vector, else unknown.
Dimension row_count(const InferenceContext& context);
/// How many labels the node has, and of which type they are; sets output 0 to [N] of that type.
std::size_t infer_labels(InferenceContext& context, std::string_view integers);

}  // namespace lapidary
