#include <cmath>

#include "engine/ops/ml/scores.h"
#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

/// Linear models and support vector machines.
class LinearTest : public QObject {
  Q_OBJECT

 private slots:
  void computes_data();
  void computes() { check_kernel_case(); }
  void refuses_data();
  void refuses() { check_kernel_case(); }
  void infers_data();
  void infers() { check_inference_case(); }
};

namespace {

using Attributes = std::vector<std::pair<std::string, AttributeValue>>;
using Texts = std::vector<std::string>;
using Reals = std::vector<float>;

Node ml(const std::string& op, Attributes attributes, const Attributes& changes = {}) {
  for (const auto& [name, value] : changes) {
    std::erase_if(attributes, [&, n = name](const auto& attribute) { return attribute.first == n; });
    if (value.index() != 0) attributes.emplace_back(name, value);
  }
  const bool classifies = op.find("Classifier") != std::string::npos;
  return node(op, {"x"}, classifies ? Texts{"label", "scores"} : Texts{"y"}, std::move(attributes),
              "ai.onnx.ml");
}

/// Scores x0 - x1 + 0.5 and x1 - x0 - 0.5.
Node linear_classifier(const Attributes& changes = {}) {
  return ml("LinearClassifier",
            {{"coefficients", Reals{1, -1, -1, 1}},
             {"intercepts", Reals{0.5f, -0.5f}},
             {"classlabels_ints", list({3, 4})}},
            changes);
}

Node linear_regressor(const Attributes& changes = {}) {
  return ml(
      "LinearRegressor",
      {{"coefficients", Reals{1, 10, 2, 20}}, {"intercepts", Reals{0.5f, 0}}, {"targets", std::int64_t{2}}},
      changes);
}

/// One support vector for each of two classes: (1, 0) and (0, 1).
Node svm_classifier(const Attributes& changes = {}) {
  return ml("SVMClassifier",
            {{"support_vectors", Reals{1, 0, 0, 1}},
             {"vectors_per_class", list({1, 1})},
             {"coefficients", Reals{1, -1}},
             {"rho", Reals{0.25f}},
             {"classlabels_ints", list({3, 4})}},
            changes);
}

Node svm_regressor(const Attributes& changes = {}) {
  return ml("SVMRegressor",
            {{"support_vectors", Reals{1, 2, 3, 4}},
             {"n_supports", std::int64_t{2}},
             {"coefficients", Reals{1, -0.5f}},
             {"rho", Reals{0.25f}},
             {"kernel_params", Reals{0.5f, 1, 2}}},
            changes);
}

Tensor pairs(const Reals& values) {
  return Tensor::of({static_cast<std::int64_t>(values.size() / 2), 2}, values);
}
Tensor column(const Reals& values) {
  return Tensor::of({static_cast<std::int64_t>(values.size()), 1}, values);
}
float logistic_of(double v) { return static_cast<float>(lapidary::logistic(v)); }

void add_linear_models() {
  const Tensor x = pairs({2, 1, 0, 3});
  add_kernel_case("classes", linear_classifier(), {x}, {ints({3, 4}), pairs({1.5f, -1.5f, -2.5f, 2.5f})});
  add_kernel_case(
      "probabilities", linear_classifier({{"post_transform", std::string("LOGISTIC")}}), {x},
      {ints({3, 4}), pairs({logistic_of(1.5), logistic_of(-1.5), logistic_of(-2.5), logistic_of(2.5)})});
  add_kernel_case("text labels",
                  linear_classifier({{"classlabels_ints", {}}, {"classlabels_strings", Texts{"a", "b"}}}),
                  {x}, {Tensor::of_strings({2}, {"a", "b"}), pairs({1.5f, -1.5f, -2.5f, 2.5f})});
  const Attributes one_row = {{"coefficients", Reals{-1, 1}}, {"intercepts", Reals{-0.5f}}};
  add_kernel_case("two classes from one score", linear_classifier(one_row), {x},
                  {ints({3, 4}), pairs({2.5f, -1.5f, -1.5f, 2.5f})});
  Attributes logistic = one_row;
  logistic.emplace_back("post_transform", std::string("LOGISTIC"));
  add_kernel_case(
      "two probabilities from one score", linear_classifier(logistic), {x},
      {ints({3, 4}), pairs({logistic_of(1.5), logistic_of(-1.5), logistic_of(-2.5), logistic_of(2.5)})});
  add_kernel_case("a vector", linear_classifier(), {reals({2, 1})}, {ints({3}), pairs({1.5f, -1.5f})});
  add_kernel_case("targets", linear_regressor(), {x}, {pairs({12.5f, 24, 30.5f, 60})});
  add_kernel_case("no intercepts", linear_regressor({{"intercepts", {}}}), {x}, {pairs({12, 24, 30, 60})});
  add_kernel_case("integers", linear_regressor(), {ints({2, 1})}, {pairs({12.5f, 24})});
  add_kernel_case("no rows", linear_regressor(), {Tensor(DataType::Float32, {0, 2})},
                  {Tensor(DataType::Float32, {0, 2})});
}

void add_machines() {
  const Tensor x = pairs({2, 1, 0, 3});
  add_kernel_case("votes for two classes", svm_classifier(), {x},
                  {ints({3, 4}), pairs({-1.25f, 1.25f, 2.75f, -2.75f})});
  // The pair's probability is 1 - logistic(2 · score - 1), and coupling two classes keeps it.
  add_kernel_case(
      "machine with probabilities", svm_classifier({{"prob_a", Reals{-2}}, {"prob_b", Reals{0}}}), {x},
      {ints({3, 4}), pairs({logistic_of(2.5), logistic_of(-2.5), logistic_of(-5.5), logistic_of(5.5)})});
  add_kernel_case("three classes, a score a pair",
                  svm_classifier({{"support_vectors", Reals{1, 0, 0, 1, 1, 1}},
                                  {"vectors_per_class", list({1, 1, 1})},
                                  {"coefficients", Reals{1, -1, 2, 3, -2, -3}},
                                  {"rho", Reals{0, 1, 2}},
                                  {"classlabels_ints", list({7, 8, 9})}}),
                  {pairs({2, 1})}, {ints({7}), Tensor::of({1, 3}, Reals{1, 13, -9})});
  add_kernel_case(
      "no support vectors",
      svm_classifier(
          {{"support_vectors", {}}, {"vectors_per_class", {}}, {"coefficients", Reals{1, 0, 0, 1}}}),
      {x}, {ints({3, 4}), pairs({2.25f, 1.25f, 0.25f, 3.25f})});
  const auto regress = [&](const char* kernel, const Reals& wanted) {
    add_kernel_case(kernel, svm_regressor({{"kernel_type", std::string(kernel)}}), {pairs({1, 2, 0, 0})},
                    {column(wanted)});
  };
  const auto e = [](double v) { return static_cast<float>(std::exp(v)); };
  const auto t = [](double v) { return static_cast<float>(std::tanh(v)); };
  regress("LINEAR", {5 - 5.5f + 0.25f, 0.25f});
  regress("POLY", {3.5f * 3.5f - 0.5f * 6.5f * 6.5f + 0.25f, 0.75f});
  regress("RBF", {1 - 0.5f * e(-4) + 0.25f, e(-2.5) - 0.5f * e(-12.5) + 0.25f});
  regress("SIGMOID", {t(3.5) - 0.5f * t(6.5) + 0.25f, 0.5f * t(1) + 0.25f});
  add_kernel_case("in or out", svm_regressor({{"one_class", std::int64_t{1}}}), {pairs({1, 2, 0, 0})},
                  {column({-1, 1})});
  add_kernel_case("weights of features", svm_regressor({{"n_supports", std::int64_t{0}}}), {pairs({1, 2})},
                  {column({0.25f})});
}

}  // namespace

void LinearTest::computes_data() {
  kernel_columns();
  add_linear_models();
  add_machines();
}

void LinearTest::refuses_data() {
  kernel_columns();
  const Tensor x = pairs({2, 1});
  add_refusal("coefficients of other features", linear_classifier({{"coefficients", Reals{1, 2, 3}}}), {x},
              "'coefficients' has 3 elements and needs 4");
  add_refusal("another number of labels", linear_classifier({{"classlabels_ints", list({1, 2, 3})}}), {x},
              "needs 3");
  add_refusal("no labels", linear_classifier({{"classlabels_ints", {}}}), {x}, "needs classlabels_strings");
  add_refusal("a cube", linear_classifier(), {counting({1, 1, 2})}, "takes [N, C] or [C]");
  add_refusal("an unknown transform", linear_regressor({{"post_transform", std::string("LOG")}}), {x},
              "'LOG'");
  add_refusal("no targets", linear_regressor({{"targets", std::int64_t{0}}}), {x}, "targets is 0");
  add_refusal("huge targets", linear_regressor({{"targets", std::int64_t{1} << 60}}), {x}, "targets is");
  add_refusal("intercepts of another number", linear_regressor({{"intercepts", Reals{1}}}), {x}, "needs 2");
  add_refusal("too few vectors", svm_classifier({{"support_vectors", Reals{1, 0}}}), {x},
              "too few for 2 vectors");
  add_refusal("too many vectors", svm_classifier({{"vectors_per_class", list({1, std::int64_t{1} << 32})}}),
              {x}, "too few");
  add_refusal("a negative count", svm_classifier({{"vectors_per_class", list({-1, 3})}}), {x}, "holds -1");
  add_refusal("counts for other classes", svm_classifier({{"vectors_per_class", list({2})}}), {x}, "needs 2");
  add_refusal("machine coefficients", svm_classifier({{"coefficients", Reals{1}}}), {x},
              "'coefficients' has 1");
  add_refusal("no rho", svm_classifier({{"rho", {}}}), {x}, "'rho' has 0");
  add_refusal("half of the probabilities", svm_classifier({{"prob_a", Reals{1}}}), {x}, "'prob_b' has 0");
  add_refusal("one class", svm_classifier({{"classlabels_ints", list({1})}}), {x}, "one class only");
  add_refusal("an unknown kernel", svm_classifier({{"kernel_type", std::string("COSINE")}}), {x}, "'COSINE'");
  add_refusal("two kernel parameters", svm_regressor({{"kernel_params", Reals{1, 2}}}), {x}, "needs 3");
  add_refusal("a negative number of vectors", svm_regressor({{"n_supports", std::int64_t{-1}}}), {x},
              "n_supports is -1");
  add_refusal("vectors that are not there", svm_regressor({{"n_supports", INT64_MAX}}), {x}, "too few");
  add_refusal("text", linear_regressor(), {Tensor::of_strings({1, 2}, {"a", "b"})},
              "string is not supported");
}

void LinearTest::infers_data() {
  inference_columns();
  const auto add = [](const char* name, Node made, Type input, std::vector<std::string> wanted,
                      std::string problem = "") {
    InferenceCase row;
    row.node = std::move(made);
    row.inputs = {std::move(input)};
    row.wanted = std::move(wanted);
    row.problem = std::move(problem);
    add_inference_case(name, std::move(row));
  };
  add("linear classifier", linear_classifier(), floats({"N", "2"}), {"int64 N", "float32 N × 2"});
  add("linear regressor", linear_regressor(), floats({"N", "2"}), {"float32 N × 2"});
  add("two classes", svm_classifier(), floats({"N", "2"}), {"int64 N", "float32 N × 2"});
  add("pairs of four classes",
      svm_classifier({{"classlabels_ints", list({1, 2, 3, 4})}, {"vectors_per_class", list({1, 1, 1, 1})}}),
      floats({"N", "2"}), {"int64 N", "float32 N × 6"});
  add("four probabilities",
      svm_classifier({{"classlabels_ints", list({1, 2, 3, 4})}, {"prob_a", Reals{1, 1, 1, 1, 1, 1}}}),
      floats({"2"}), {"int64 1", "float32 1 × 4"});
  add("svm regressor", svm_regressor(), floats({"N", "2"}), {"float32 N × 1"});
  add("no class labels", linear_classifier({{"classlabels_ints", {}}}), floats({"N", "2"}),
      {"int64 N", "float32 N × 0"}, "no class labels");
}

QTEST_GUILESS_MAIN(LinearTest)
#include "linear_test.moc"
