// Support vector machines: SVMClassifier, SVMRegressor.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/ml/scores.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

using Reals = std::span<const double>;

double dot(Reals a, Reals b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

/// How alike two rows are: x·y, (γ x·y + c)ᵈ, exp(-γ |x - y|²) or tanh(γ x·y + c).
struct VectorKernel {
  enum class Kind { Linear, Polynomial, Gaussian, Sigmoid };
  Kind kind = Kind::Linear;
  double gamma = 0, offset = 0, degree = 0;

  double operator()(Reals x, Reals y) const {
    switch (kind) {
      case Kind::Linear:
        return dot(x, y);
      case Kind::Polynomial:
        return std::pow(gamma * dot(x, y) + offset, degree);
      case Kind::Sigmoid:
        return std::tanh(gamma * dot(x, y) + offset);
      case Kind::Gaussian:
        break;
    }
    double squares = 0;
    for (std::size_t i = 0; i < x.size(); ++i) squares += (x[i] - y[i]) * (x[i] - y[i]);
    return std::exp(-gamma * squares);
  }
};

VectorKernel vector_kernel(const KernelContext& context) {
  using Kind = VectorKernel::Kind;
  const std::string name = context.text("kernel_type", "LINEAR");
  VectorKernel kernel;
  if (name == "POLY")
    kernel.kind = Kind::Polynomial;
  else if (name == "RBF")
    kernel.kind = Kind::Gaussian;
  else if (name == "SIGMOID")
    kernel.kind = Kind::Sigmoid;
  else if (name != "LINEAR")
    throw Error("there is no kernel_type '" + name + "'");
  const auto parameters = context.attribute("kernel_params", std::vector<float>{});
  if (parameters.empty()) return kernel;
  check_length("kernel_params", parameters.size(), 3);
  kernel.gamma = parameters[0];
  kernel.offset = parameters[1];
  kernel.degree = std::trunc(parameters[2]);
  return kernel;
}

std::vector<double> reals(const KernelContext& context, std::string_view name) {
  const auto values = context.attribute(name, std::vector<float>{});
  return {values.begin(), values.end()};
}

/// The support vectors of `count`, which must be as wide as the features.
std::vector<double> support_vectors(const KernelContext& context, std::int64_t count,
                                    const FeatureMatrix& features) {
  auto vectors = reals(context, "support_vectors");
  if (features.columns > 0 && count > static_cast<std::int64_t>(vectors.size()) / features.columns)
    throw Error("attribute 'support_vectors' has " + std::to_string(vectors.size()) +
                " elements, too few for " + std::to_string(count) + " vectors of " +
                std::to_string(features.columns) + " features");
  check_length("support_vectors", vectors.size(), static_cast<std::size_t>(count * features.columns));
  return vectors;
}

Reals slice(const std::vector<double>& values, std::size_t begin, std::size_t count) {
  return Reals(values).subspan(begin, count);
}

// --- SVMClassifier ---

/// Without support vectors the coefficients are the weights of each class.
struct SupportVectorMachine {
  VectorKernel kernel;
  std::vector<double> vectors, coefficients, rho, slopes, offsets;
  std::vector<std::size_t> begins;  ///< the first vector of each class, and behind the last
  std::size_t classes = 0;

  std::size_t count() const { return begins.back(); }
  std::size_t pairs() const { return classes * (classes - 1) / 2; }
  bool is_linear() const { return count() == 0; }
  bool gives_probabilities() const { return !is_linear() && !slopes.empty(); }
  std::size_t scores() const {
    return is_linear() || gives_probabilities() || classes == 2 ? classes : pairs();
  }
};

std::vector<std::size_t> class_begins(const KernelContext& context) {
  std::vector<std::size_t> begins = {0};
  for (const std::int64_t count : context.integers("vectors_per_class")) {
    if (count < 0 || count > (std::int64_t{1} << 32))
      throw Error("'vectors_per_class' holds " + std::to_string(count));
    begins.push_back(begins.back() + static_cast<std::size_t>(count));
  }
  return begins;
}

SupportVectorMachine support_vector_machine(const KernelContext& context, std::size_t classes,
                                            const FeatureMatrix& features) {
  SupportVectorMachine machine;
  machine.classes = classes;
  machine.coefficients = reals(context, "coefficients");
  machine.rho = reals(context, "rho");
  machine.slopes = reals(context, "prob_a");
  machine.offsets = reals(context, "prob_b");
  machine.begins = class_begins(context);
  check_length("prob_b", machine.offsets.size(), machine.slopes.size());
  if (machine.is_linear()) {
    check_length("coefficients", machine.coefficients.size(),
                 classes * static_cast<std::size_t>(features.columns));
    if (machine.rho.empty()) throw Error("attribute 'rho' is needed");
    return machine;
  }
  machine.kernel = vector_kernel(context);
  if (classes < 2) throw Error("support vectors tell classes apart, and there is one class only");
  check_length("vectors_per_class", machine.begins.size() - 1, classes);
  machine.vectors = support_vectors(context, static_cast<std::int64_t>(machine.count()), features);
  check_length("coefficients", machine.coefficients.size(), (classes - 1) * machine.count());
  check_length("rho", machine.rho.size(), machine.pairs());
  if (!machine.slopes.empty()) check_length("prob_a", machine.slopes.size(), machine.pairs());
  return machine;
}

/// For each pair of classes a sum that is above 0 for the first. Vectors of class i have a coefficient in row
/// j - 1 for their part against class j > i, and in row j for j < i.
std::vector<double> pair_scores(const SupportVectorMachine& machine, Reals row) {
  const std::size_t count = machine.count();
  std::vector<double> alike(count);
  for (std::size_t v = 0; v < count; ++v)
    alike[v] = machine.kernel(row, slice(machine.vectors, v * row.size(), row.size()));
  std::vector<double> scores;
  const auto part = [&](std::size_t of, std::size_t coefficient_row) {
    const std::size_t begin = machine.begins[of], size = machine.begins[of + 1] - begin;
    return dot(slice(alike, begin, size), slice(machine.coefficients, coefficient_row * count + begin, size));
  };
  for (std::size_t i = 0; i < machine.classes; ++i)
    for (std::size_t j = i + 1; j < machine.classes; ++j)
      scores.push_back(part(i, j - 1) + part(j, i) + machine.rho[scores.size()]);
  return scores;
}

std::size_t most_votes(std::size_t classes, const std::vector<double>& pair_scores) {
  std::vector<double> votes(classes, 0.0);
  auto score = pair_scores.begin();
  for (std::size_t i = 0; i < classes; ++i)
    for (std::size_t j = i + 1; j < classes; ++j) ++votes[*score++ > 0 ? i : j];
  return greatest(votes);
}

/// Class probabilities from those of pairs: the second method of Wu, Lin and Weng, "Probability Estimates for
/// Multi-class Classification by Pairwise Coupling", which minimizes Σ (r_ji p_i - r_ij p_j)². `pairs` [k,
/// k].
std::vector<double> coupled(std::size_t k, const std::vector<double>& pairs) {
  const auto r = [&](std::size_t i, std::size_t j) { return pairs[i * k + j]; };
  std::vector<double> q(k * k, 0.0), product(k), p(k, 1.0 / static_cast<double>(k));
  for (std::size_t t = 0; t < k; ++t)
    for (std::size_t j = 0; j < k; ++j) {
      if (j == t) continue;
      q[t * k + t] += r(j, t) * r(j, t);
      q[t * k + j] = -r(j, t) * r(t, j);
    }
  const double enough = 0.005 / static_cast<double>(k);
  for (std::size_t round = 0; round < std::max<std::size_t>(100, k); ++round) {
    for (std::size_t t = 0; t < k; ++t) product[t] = dot(slice(q, t * k, k), p);
    double all = dot(p, product), error = 0;
    for (const double one : product) error = std::max(error, std::abs(one - all));
    if (error < enough) break;
    for (std::size_t t = 0; t < k; ++t) {
      const double diagonal = q[t * k + t], step = (all - product[t]) / diagonal;
      p[t] += step;
      all = (all + step * (step * diagonal + 2 * product[t])) / (1 + step) / (1 + step);
      for (std::size_t j = 0; j < k; ++j) {
        product[j] = (product[j] + step * q[t * k + j]) / (1 + step);
        p[j] /= 1 + step;
      }
    }
  }
  return p;
}

std::vector<double> probabilities(const SupportVectorMachine& machine, const std::vector<double>& scores) {
  constexpr double least = 1e-7;
  const std::size_t k = machine.classes;
  std::vector<double> pairs(k * k, 0.0);
  std::size_t index = 0;
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t j = i + 1; j < k; ++j, ++index) {
      const double share = 1 - logistic(scores[index] * machine.slopes[index] + machine.offsets[index]);
      pairs[i * k + j] = std::clamp(share, least, 1 - least);
      pairs[j * k + i] = 1 - pairs[i * k + j];
    }
  return coupled(k, pairs);
}

/// Scores of one row, appended; returns the position of the label.
std::size_t classify(const SupportVectorMachine& machine, PostTransform transform, Reals row,
                     std::vector<double>& all_scores) {
  std::vector<double> scores;
  std::size_t label = 0;
  bool one_for_two = false;
  if (machine.is_linear()) {
    for (std::size_t i = 0; i < machine.classes; ++i)
      scores.push_back(dot(row, slice(machine.coefficients, i * row.size(), row.size())) + machine.rho[0]);
    label = machine.classes == 1 ? (scores[0] > 0 ? 1 : 0) : greatest(scores);
  } else {
    scores = pair_scores(machine, row);
    label = most_votes(machine.classes, scores);
    if (machine.gives_probabilities())
      scores = probabilities(machine, scores);
    else
      one_for_two = machine.classes == 2;
  }
  if (one_for_two) {
    scores.push_back(scores[0]);
    complete_pair(transform, false, scores);
  } else {
    transform_scores(transform, scores);
  }
  all_scores.insert(all_scores.end(), scores.begin(), scores.end());
  return label;
}

void svm_classifier(KernelContext& context) {
  const FeatureMatrix features = feature_matrix(context, 0);
  const ClassLabels labels = class_labels(context, "classlabels_ints");
  const PostTransform transform = post_transform_of(context);
  const auto machine = support_vector_machine(context, labels.size(), features);
  std::vector<double> scores;
  std::vector<std::size_t> positions;
  for (std::int64_t i = 0; i < features.rows; ++i) {
    context.cancel.check();
    positions.push_back(classify(machine, transform, features.row(i), scores));
  }
  write_labels(context, 0, labels, positions);
  write_scores(context, 1, {features.rows, static_cast<std::int64_t>(machine.scores())}, scores);
}

void infer_svm_classifier(InferenceContext& context) {
  const auto classes = static_cast<std::int64_t>(infer_labels(context, "classlabels_ints"));
  const auto counts = context.integers("vectors_per_class");
  const bool is_linear = std::all_of(counts.begin(), counts.end(), [](std::int64_t n) { return n == 0; });
  const auto slopes = context.node().attribute_or("prob_a", std::vector<float>{});
  const bool by_class = is_linear || !slopes.empty() || classes == 2;
  const Dimension columns(by_class ? classes : classes * (classes - 1) / 2);
  context.set_output(1, DataType::Float32, Shape{row_count(context), columns});
}

// --- SVMRegressor ---

void svm_regressor(KernelContext& context) {
  const FeatureMatrix features = feature_matrix(context, 0);
  const std::int64_t supports = context.integer("n_supports", 0);
  if (supports < 0) throw Error("n_supports is " + std::to_string(supports));
  const auto coefficients = reals(context, "coefficients"), rho = reals(context, "rho");
  if (rho.empty()) throw Error("attribute 'rho' is needed");
  const bool is_linear = supports == 0;
  const VectorKernel kernel = is_linear ? VectorKernel{} : vector_kernel(context);
  const auto vectors = is_linear ? std::vector<double>{} : support_vectors(context, supports, features);
  check_length("coefficients", coefficients.size(),
               static_cast<std::size_t>(is_linear ? features.columns : supports));
  const bool is_one_class = context.integer("one_class", 0) != 0;
  const PostTransform transform = post_transform_of(context);
  std::vector<double> scores;
  for (std::int64_t i = 0; i < features.rows; ++i) {
    context.cancel.check();
    const Reals row = features.row(i);
    double sum = rho[0];
    if (is_linear) sum += dot(row, coefficients);
    for (std::size_t v = 0; v < static_cast<std::size_t>(supports); ++v)
      sum += coefficients[v] * kernel(row, slice(vectors, v * row.size(), row.size()));
    scores.push_back(is_one_class ? (sum > 0 ? 1 : -1) : sum);
    transform_scores(transform, {&scores.back(), 1});
  }
  write_scores(context, 0, {features.rows, 1}, scores);
}

void infer_svm_regressor(InferenceContext& context) {
  context.set_output(0, DataType::Float32, Shape{row_count(context), 1});
}

// --- records ---

/// Every row is multiplied with every support vector, and the outcomes with the coefficients.
std::optional<Cost> svm_cost(const CostContext& context) {
  const auto dims = context.input_dims(0);
  if (!dims || dims->empty()) return std::nullopt;
  const double rows = dims->size() == 2 ? static_cast<double>((*dims)[0]) : 1;
  const auto elements = [&](const char* name) {
    return static_cast<double>(context.node.attribute_or(name, std::vector<float>{}).size());
  };
  const double macs = rows * (elements("support_vectors") + elements("coefficients"));
  return Cost{macs, 2 * macs};
}

Operator machine(const std::string& name, const std::string& input_constraint) {
  return Operator(name, 1, OperatorKind::MatrixAndConvolution, "ai.onnx.ml")
      .input("X", input_constraint, "Features, [N, C] or [C].")
      .constraint(input_constraint, types::tensors({"float", "double", "int64", "int32"}))
      .attribute("kernel_type", std::string("LINEAR"),
                 "How alike two vectors are: LINEAR x·y, POLY (γ x·y + c)^d, RBF exp(-γ |x - y|²), SIGMOID "
                 "tanh(γ x·y + c).")
      .optional_attribute("kernel_params", AttributeType::Floats, "γ, c and d, in this order.")
      .optional_attribute("support_vectors", AttributeType::Floats, "The vectors, one behind the other.")
      .optional_attribute("coefficients", AttributeType::Floats,
                          "Weights of the vectors; without vectors, weights of the features.")
      .optional_attribute("rho", AttributeType::Floats, "Added to each sum.")
      .attribute("post_transform", std::string("NONE"),
                 "What is done to the scores: NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT.")
      .cost(svm_cost);
}

}  // namespace

void register_support_vectors(OperatorTable& table) {
  table.add(
      machine("SVMClassifier", "T1")
          .summary("The class that most pairwise comparisons with support vectors vote for; without "
                   "support vectors, the class with the greatest weighted sum.")
          .output("Y", "T2", "The label of each row, [N].")
          .output("Z", "tensor(float)",
                  "A probability for each class, [N, E], where prob_a and prob_b are given; else a score "
                  "for each pair of classes, or for each class if there are two or no support vectors.")
          .constraint("T2", types::tensors({"string", "int64"}))
          .optional_attribute("vectors_per_class", AttributeType::Ints,
                              "How many of the support vectors are each class's, in order.")
          .optional_attribute("prob_a", AttributeType::Floats,
                              "For each pair of classes the factor that makes its score a probability.")
          .optional_attribute("prob_b", AttributeType::Floats, "And what is added before the logistic.")
          .optional_attribute("classlabels_strings", AttributeType::Strings, "The labels, if text.")
          .optional_attribute("classlabels_ints", AttributeType::Ints, "The labels, if integers.")
          .infer(infer_svm_classifier)
          .kernel(svm_classifier)
          .example("X = float[2, 2]{1, 0, 0, 1}; kernel_type = \"RBF\"; kernel_params = [0.5, 0.0, 0.0]; "
                   "support_vectors = [1.0, 0.0, 0.0, 1.0]; vectors_per_class = [1, 1]; "
                   "coefficients = [1.0, -1.0]; rho = [0.0]; classlabels_ints = [10, 20]"));
  table.add(
      machine("SVMRegressor", "T")
          .summary("A weighted sum of how alike the features are to support vectors, or its sign.")
          .output("Y", "tensor(float)", "The sums, or 1 and -1 for what is in and out, [N, 1].")
          .attribute("n_supports", std::int64_t{0}, "How many support vectors there are; 0 for none.")
          .attribute("one_class", std::int64_t{0}, "1 gives 1 where the sum is above 0, else -1.")
          .infer(infer_svm_regressor)
          .kernel(svm_regressor)
          .example("X = float[2, 2]{1, 0, 0, 1}; kernel_type = \"POLY\"; kernel_params = [1.0, 1.0, 2.0]; "
                   "support_vectors = [1.0, 0.0, 0.0, 1.0]; n_supports = 2; coefficients = [1.0, -1.0]; "
                   "rho = [0.25]"));
}

}  // namespace lapidary
