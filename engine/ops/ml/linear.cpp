// Linear models: LinearClassifier, LinearRegressor.

#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/ml/scores.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

/// X · coefficientsᵀ + intercepts, [N, outputs]; the coefficients of one output stand together.
std::vector<double> linear_scores(const KernelContext& context, const FeatureMatrix& features,
                                  std::size_t outputs) {
  const auto coefficients = context.attribute("coefficients", std::vector<float>{});
  auto intercepts = context.attribute("intercepts", std::vector<float>{});
  const auto columns = static_cast<std::size_t>(features.columns);
  check_length("coefficients", coefficients.size(), outputs * columns);
  if (intercepts.empty()) intercepts.assign(outputs, 0.0f);
  check_length("intercepts", intercepts.size(), outputs);
  std::vector<double> scores;
  scores.reserve(static_cast<std::size_t>(features.rows) * outputs);
  for (std::int64_t i = 0; i < features.rows; ++i) {
    const auto row = features.row(i);
    for (std::size_t output = 0; output < outputs; ++output) {
      double sum = 0;
      for (std::size_t k = 0; k < columns; ++k) sum += row[k] * coefficients[output * columns + k];
      scores.push_back(sum + intercepts[output]);
    }
  }
  return scores;
}

/// How many scores a row of features gives: as many as there are intercepts or, without these, labels.
std::size_t classifier_outputs(std::size_t intercepts, std::size_t labels) {
  return intercepts > 0 ? intercepts : labels;
}

void linear_classifier(KernelContext& context) {
  const FeatureMatrix features = feature_matrix(context, 0);
  const ClassLabels labels = class_labels(context, "classlabels_ints");
  const PostTransform transform = post_transform_of(context);
  const std::size_t outputs =
      classifier_outputs(context.attribute("intercepts", std::vector<float>{}).size(), labels.size());
  const bool one_for_two = outputs == 1 && labels.size() == 2;
  if (!one_for_two) check_length("intercepts", outputs, labels.size());
  const auto sums = linear_scores(context, features, outputs);
  std::vector<double> scores;
  std::vector<std::size_t> positions;
  for (std::int64_t i = 0; i < features.rows; ++i) {
    std::vector<double> row(sums.begin() + i * static_cast<std::int64_t>(outputs),
                            sums.begin() + (i + 1) * static_cast<std::int64_t>(outputs));
    if (outputs == 1) {
      positions.push_back(row[0] > 0 ? 1 : 0);
      if (one_for_two) row.push_back(row[0]);
    } else {
      positions.push_back(greatest(row));
    }
    if (one_for_two)
      complete_pair(transform, true, row);
    else
      transform_scores(transform, row);
    scores.insert(scores.end(), row.begin(), row.end());
  }
  write_labels(context, 0, labels, positions);
  write_scores(context, 1, {features.rows, static_cast<std::int64_t>(labels.size())}, scores);
}

void linear_regressor(KernelContext& context) {
  const FeatureMatrix features = feature_matrix(context, 0);
  const std::int64_t targets = context.integer("targets", 1);
  if (targets < 1 || targets > (1 << 24)) throw Error("targets is " + std::to_string(targets));
  auto scores = linear_scores(context, features, static_cast<std::size_t>(targets));
  const PostTransform transform = post_transform_of(context);
  for (std::int64_t i = 0; i < features.rows; ++i)
    transform_scores(transform, {scores.data() + i * targets, static_cast<std::size_t>(targets)});
  write_scores(context, 0, {features.rows, targets}, scores);
}

void infer_classifier(InferenceContext& context) {
  const std::size_t labels = infer_labels(context, "classlabels_ints");
  context.set_output(1, DataType::Float32,
                     Shape{row_count(context), Dimension(static_cast<std::int64_t>(labels))});
}

void infer_regressor(InferenceContext& context) {
  context.set_output(0, DataType::Float32, Shape{row_count(context), context.integer("targets", 1)});
}

/// A multiply-add for each coefficient and row.
std::optional<Cost> linear_cost(const CostContext& context) {
  const auto dims = context.input_dims(0);
  if (!dims || dims->empty()) return std::nullopt;
  const double rows = dims->size() == 2 ? static_cast<double>((*dims)[0]) : 1;
  const double macs =
      rows * static_cast<double>(context.node.attribute_or("coefficients", std::vector<float>{}).size());
  return Cost{macs, 2 * macs};
}

Operator linear(const std::string& name) {
  return Operator(name, 1, OperatorKind::MatrixAndConvolution, "ai.onnx.ml")
      .optional_attribute("intercepts", AttributeType::Floats, "Added to each sum; 0 if left out.")
      .attribute("post_transform", std::string("NONE"),
                 "What is done to the sums: NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT.")
      .cost(linear_cost);
}

}  // namespace

void register_linear(OperatorTable& table) {
  const auto features = types::tensors({"float", "double", "int64", "int32"});
  table.add(
      linear("LinearClassifier")
          .summary("A weighted sum of the features for each class, and the label of the greatest.")
          .input("X", "T1", "Features, [N, C] or [C].")
          .output("Y", "T2", "The label of each row, [N].")
          .output("Z", "tensor(float)", "The scores of all classes, [N, E].")
          .constraint("T1", features)
          .constraint("T2", types::tensors({"string", "int64"}))
          .required_attribute("coefficients", AttributeType::Floats,
                              "Weights of the features, one class behind the other. Two classes may do "
                              "with the second one's.")
          .attribute("multi_class", std::int64_t{0},
                     "1 if the classes were fitted together, 0 one against the rest; changes nothing.")
          .optional_attribute("classlabels_strings", AttributeType::Strings, "The labels, if text.")
          .optional_attribute("classlabels_ints", AttributeType::Ints, "The labels, if integers.")
          .infer(infer_classifier)
          .kernel(linear_classifier)
          .example("X = float[2, 2]{1, 2, 3, 1}; coefficients = [1.0, -1.0, -1.0, 1.0]; "
                   "intercepts = [0.5, -0.5]; classlabels_ints = [10, 20]; post_transform = \"SOFTMAX\""));
  table.add(linear("LinearRegressor")
                .summary("Weighted sums of the features, one for each target.")
                .input("X", "T", "Features, [N, C] or [C].")
                .output("Y", "tensor(float)", "The sums, [N, targets].")
                .constraint("T", features)
                .optional_attribute("coefficients", AttributeType::Floats,
                                    "Weights of the features, one target behind the other.")
                .attribute("targets", std::int64_t{1}, "How many targets there are.")
                .infer(infer_regressor)
                .kernel(linear_regressor)
                .example("X = float[2, 2]{1, 2, 3, 1}; coefficients = [1.0, 10.0]; intercepts = [0.5]"));
}

}  // namespace lapidary
