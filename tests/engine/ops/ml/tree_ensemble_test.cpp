#include <cmath>

#include "engine/ops/ml/scores.h"
#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

/// TreeEnsemble and its older forms: every comparison, aggregate and transform, and what is refused.
class TreeEnsembleTest : public QObject {
  Q_OBJECT

 private slots:
  void computes_data();
  void computes() { check_kernel_case(); }
  void refuses_data();
  void refuses() { check_kernel_case(); }
  void infers_data();
  void infers() { check_inference_case(); }
  void computesInFloat64WhereAsked();
};

namespace {

using Attributes = std::vector<std::pair<std::string, AttributeValue>>;
using Texts = std::vector<std::string>;
using Reals = std::vector<float>;

AttributeValue tensor_attribute(Tensor tensor) {
  auto named = std::make_shared<NamedTensor>();
  named->tensor = std::move(tensor);
  return std::shared_ptr<const NamedTensor>(std::move(named));
}

Attributes changed(Attributes attributes, const Attributes& changes) {
  for (const auto& [name, value] : changes) {
    std::erase_if(attributes, [&, n = name](const auto& attribute) { return attribute.first == n; });
    if (value.index() != 0) attributes.emplace_back(name, value);
  }
  return attributes;
}

/// One tree: feature 0 compared with 1; leaf 1 where that is true, else leaf 2.
Attributes stump(const std::string& mode = "BRANCH_LEQ") {
  return {{"nodes_treeids", list({0, 0, 0})},           {"nodes_nodeids", list({0, 1, 2})},
          {"nodes_featureids", list({0, 0, 0})},        {"nodes_values", Reals{1, 0, 0}},
          {"nodes_modes", Texts{mode, "LEAF", "LEAF"}}, {"nodes_truenodeids", list({1, 0, 0})},
          {"nodes_falsenodeids", list({2, 0, 0})}};
}

Attributes regression(const std::string& mode = "BRANCH_LEQ") {
  return changed(stump(mode), {{"target_treeids", list({0, 0})},
                               {"target_nodeids", list({1, 2})},
                               {"target_ids", list({0, 0})},
                               {"target_weights", Reals{10, 20}},
                               {"n_targets", std::int64_t{1}}});
}

Node regressor(const Attributes& changes = {}, const std::string& mode = "BRANCH_LEQ") {
  return node("TreeEnsembleRegressor", {"x"}, {"y"}, changed(regression(mode), changes), "ai.onnx.ml");
}

/// Two stumps, whose votes for targets 0 and 1 are 10, 20 and 5, 7.
Node two_trees(const Attributes& changes = {}) {
  return node("TreeEnsembleRegressor", {"x"}, {"y"},
              changed({{"nodes_treeids", list({0, 0, 0, 3, 3, 3})},
                       {"nodes_nodeids", list({0, 1, 2, 0, 1, 2})},
                       {"nodes_featureids", list({0, 0, 0, 1, 0, 0})},
                       {"nodes_values", Reals{1, 0, 0, 2, 0, 0}},
                       {"nodes_modes", Texts{"BRANCH_LEQ", "LEAF", "LEAF", "BRANCH_GT", "LEAF", "LEAF"}},
                       {"nodes_truenodeids", list({1, 0, 0, 1, 0, 0})},
                       {"nodes_falsenodeids", list({2, 0, 0, 2, 0, 0})},
                       {"target_treeids", list({0, 0, 3, 3, 3})},
                       {"target_nodeids", list({1, 2, 1, 2, 2})},
                       {"target_ids", list({0, 0, 0, 0, 1})},
                       {"target_weights", Reals{10, 20, 5, 7, 1}},
                       {"n_targets", std::int64_t{2}}},
                      changes),
              "ai.onnx.ml");
}

Attributes votes(const std::vector<std::int64_t>& ids, const Reals& weights) {
  return {{"class_treeids", list({0, 0})},
          {"class_nodeids", list({1, 2})},
          {"class_ids", ids},
          {"class_weights", weights}};
}

Node classifier(const Attributes& voting, const Attributes& changes = {}) {
  Attributes attributes = changed(stump(), voting);
  attributes.emplace_back("classlabels_int64s", list({5, 6}));
  return node("TreeEnsembleClassifier", {"x"}, {"label", "scores"}, changed(attributes, changes),
              "ai.onnx.ml");
}

Tensor column(const Reals& values) {
  return Tensor::of({static_cast<std::int64_t>(values.size()), 1}, values);
}
Tensor pairs(const Reals& values) {
  return Tensor::of({static_cast<std::int64_t>(values.size() / 2), 2}, values);
}

/// Comparison `mode` with 2 of the one feature; members are 2 and 4.
Attributes numbered(std::uint8_t mode) {
  Attributes attributes = {{"n_targets", std::int64_t{1}},
                           {"tree_roots", list({0})},
                           {"nodes_featureids", list({0})},
                           {"nodes_modes", tensor_attribute(bytes({mode}))},
                           {"nodes_splits", tensor_attribute(reals({2}))},
                           {"nodes_trueleafs", list({1})},
                           {"nodes_truenodeids", list({0})},
                           {"nodes_falseleafs", list({1})},
                           {"nodes_falsenodeids", list({1})},
                           {"leaf_targetids", list({0, 0})},
                           {"leaf_weights", tensor_attribute(reals({1, 0}))}};
  if (mode == 6) attributes.emplace_back("membership_values", tensor_attribute(reals({4, 2, not_a_number})));
  return attributes;
}

Node ensemble(std::uint8_t mode, const Attributes& changes = {}) {
  return node("TreeEnsemble", {"x"}, {"y"}, changed(numbered(mode), changes), "ai.onnx.ml");
}

void add_comparisons() {
  const Tensor x = column({0, 1, 2, not_a_number});
  const std::vector<std::pair<const char*, Reals>> wanted = {
      {"BRANCH_LEQ", {10, 10, 20, 20}}, {"BRANCH_LT", {10, 20, 20, 20}}, {"BRANCH_GTE", {20, 10, 10, 20}},
      {"BRANCH_GT", {20, 20, 10, 20}},  {"BRANCH_EQ", {20, 10, 20, 20}}, {"BRANCH_NEQ", {10, 20, 10, 10}}};
  for (const auto& [mode, votes] : wanted) {
    add_kernel_case(mode, regressor({}, mode), {x}, {column(votes)}, 3);
    Reals missing_true = votes;
    missing_true.back() = 10;
    add_kernel_case(qPrintable(QStringLiteral("%1, missing is true").arg(QLatin1String(mode))),
                    regressor({{"nodes_missing_value_tracks_true", list({1, 0, 0})}}, mode), {x},
                    {column(missing_true)}, 3);
  }
  const Tensor y = column({1, 2, 3, 4, not_a_number});
  const std::vector<Reals> numbers = {{1, 1, 0, 0, 0}, {1, 0, 0, 0, 0}, {0, 1, 1, 1, 0}, {0, 0, 1, 1, 0},
                                      {0, 1, 0, 0, 0}, {1, 0, 1, 1, 1}, {0, 1, 0, 1, 0}};
  for (std::uint8_t mode = 0; mode < 7; ++mode) {
    Reals missing_true = numbers[mode];
    missing_true.back() = 1;
    add_kernel_case(qPrintable(QStringLiteral("mode %1").arg(mode)), ensemble(mode), {y},
                    {column(numbers[mode])}, 5);
    add_kernel_case(qPrintable(QStringLiteral("mode %1, missing is true").arg(mode)),
                    ensemble(mode, {{"nodes_missing_value_tracks_true", list({1})}}), {y},
                    {column(missing_true)}, 5);
  }
}

void add_aggregates() {
  // Row 0 gets 10 and 5 for target 0; row 1 gets 20 and 7, and 1 for target 1.
  const Tensor x = pairs({0, 3, 2, 2});
  const auto with = [](const char* aggregate) {
    return Attributes{{"aggregate_function", std::string(aggregate)}};
  };
  add_kernel_case("sum", two_trees(), {x}, {pairs({15, 0, 27, 1})}, 3);
  add_kernel_case("average", two_trees(with("AVERAGE")), {x}, {pairs({7.5, 0, 13.5, 0.5})}, 3);
  add_kernel_case("least", two_trees(with("MIN")), {x}, {pairs({5, 0, 7, 1})}, 3);
  add_kernel_case("greatest", two_trees(with("MAX")), {x}, {pairs({10, 0, 20, 1})}, 3);
  add_kernel_case(
      "base values come after the average",
      two_trees({{"aggregate_function", std::string("AVERAGE")}, {"base_values", Reals{100, 200}}}), {x},
      {pairs({107.5, 200, 113.5, 200.5})}, 3);
  add_kernel_case("base values as a tensor",
                  two_trees({{"base_values_as_tensor",
                              tensor_attribute(Tensor::of({2}, std::vector<double>{100, 200}))}}),
                  {x}, {pairs({115, 200, 127, 201})}, 3);
  for (std::int64_t aggregate = 0; aggregate < 4; ++aggregate)
    add_kernel_case(qPrintable(QStringLiteral("aggregate %1 of one tree").arg(aggregate)),
                    ensemble(0, {{"aggregate_function", aggregate}}), {column({1})}, {column({1})}, 5);
  add_kernel_case("a vector is one row", two_trees(), {reals({0, 3})}, {pairs({15, 0})}, 3);
  add_kernel_case("no rows", two_trees(), {Tensor(DataType::Float32, {0, 2})},
                  {Tensor(DataType::Float32, {0, 2})}, 3);
  add_kernel_case("integers", regressor(), {Tensor::of({2, 1}, std::vector<std::int32_t>{1, 2})},
                  {column({10, 20})}, 1);
  // 1 + 1e-12 is above 1, which float32 cannot say.
  const Tensor close = Tensor::of({2, 1}, std::vector<double>{1 + 1e-12, 1 + 3e-12});
  add_kernel_case("thresholds of float64",
                  regressor({{"nodes_values", {}},
                             {"nodes_values_as_tensor",
                              tensor_attribute(Tensor::of({3}, std::vector<double>{1 + 2e-12, 0, 0}))}}),
                  {close}, {column({10, 20})}, 3);
}

void add_transforms() {
  const Tensor x = pairs({0, 3});  // 15 and 0
  const auto with = [](const char* name) {
    return two_trees({{"target_weights", Reals{0.5, 20, 0.25, 7, 1}}, {"post_transform", std::string(name)}});
  };
  const auto e = [](double value) { return static_cast<float>(std::exp(value)); };
  add_kernel_case("SOFTMAX", with("SOFTMAX"), {x}, {pairs({1 / (1 + e(-0.75)), 1 / (1 + e(0.75))})}, 3);
  add_kernel_case("LOGISTIC", with("LOGISTIC"), {x}, {pairs({1 / (1 + e(-0.75)), 0.5f})}, 3);
  add_kernel_case("SOFTMAX_ZERO leaves 0", with("SOFTMAX_ZERO"), {x}, {pairs({1, 0})}, 3);
  // Winitzki's formula gives 0.67457 for the upper quartile, which is 0.67449.
  add_kernel_case(
      "PROBIT", regressor({{"target_weights", Reals{0.75, 0.5}}, {"post_transform", std::string("PROBIT")}}),
      {column({1, 2})}, {column({0.674574f, 0})}, 3);
  add_kernel_case("LOGISTIC of one target",
                  regressor({{"target_weights", Reals{0, 1}}, {"post_transform", std::string("LOGISTIC")}}),
                  {column({1, 2})}, {column({0.5f, 1 / (1 + e(-1))})}, 3);
}

void add_classes() {
  const Tensor x = column({1, 2});
  const auto logistic = [](double v) { return static_cast<float>(lapidary::logistic(v)); };
  add_kernel_case("votes for both classes", classifier(votes({0, 1}, {0.75f, 0.5f})), {x},
                  {ints({5, 6}), pairs({0.75f, 0, 0, 0.5f})}, 3);
  add_kernel_case("shares of the second class", classifier(votes({0, 0}, {0.25f, 0.75f})), {x},
                  {ints({5, 6}), pairs({0.75f, 0.25f, 0.25f, 0.75f})}, 3);
  add_kernel_case("margins of the second class", classifier(votes({0, 0}, {-0.25f, 0.75f})), {x},
                  {ints({5, 6}), pairs({0.25f, -0.25f, -0.75f, 0.75f})}, 3);
  add_kernel_case("margins made probabilities",
                  classifier(votes({0, 0}, {-2, 1}), {{"post_transform", std::string("LOGISTIC")}}), {x},
                  {ints({5, 6}), pairs({logistic(2), logistic(-2), logistic(-1), logistic(1)})}, 3);
  add_kernel_case("positive margins made probabilities",
                  classifier(votes({0, 0}, {0.25f, 1}), {{"post_transform", std::string("LOGISTIC")}}), {x},
                  {ints({6, 6}), pairs({logistic(-0.25), logistic(0.25), logistic(-1), logistic(1)})}, 3);
  add_kernel_case("a base value for both", classifier(votes({0, 0}, {-2, 1}), {{"base_values", Reals{3}}}),
                  {x}, {ints({6, 6}), pairs({-1, 1, -4, 4})}, 3);
  add_kernel_case("text labels",
                  classifier(votes({0, 1}, {1, 1}),
                             {{"classlabels_int64s", {}}, {"classlabels_strings", Texts{"a", "b"}}}),
                  {x}, {Tensor::of_strings({2}, {"a", "b"}), pairs({1, 0, 0, 1})}, 1);
  add_kernel_case("three classes with base values",
                  classifier(votes({0, 2}, {1, 1}),
                             {{"classlabels_int64s", list({7, 8, 9})}, {"base_values", Reals{0, 0.5f, 1}}}),
                  {x}, {ints({7, 9}), Tensor::of({2, 3}, Reals{1, 0.5f, 1, 0, 0.5f, 2})}, 3);
  add_kernel_case("still runs where it is deprecated", classifier(votes({0, 1}, {1, 1})), {x},
                  {ints({5, 6}), pairs({1, 0, 0, 1})}, 5);
}

}  // namespace

void TreeEnsembleTest::computes_data() {
  kernel_columns();
  add_comparisons();
  add_aggregates();
  add_transforms();
  add_classes();
  add_kernel_case("a tree that is one leaf", ensemble(0, {{"nodes_falsenodeids", list({0})}}),
                  {column({1, 9})}, {column({1, 1})}, 5);
  const Tensor half = tensor_from(DataType::Float16, {2, 1}, std::vector<double>{1, 3});
  add_kernel_case("float16", ensemble(0), {half},
                  {tensor_from(DataType::Float16, {2, 1}, std::vector<double>{1, 0})}, 5);
}

void TreeEnsembleTest::refuses_data() {
  kernel_columns();
  const Tensor x = column({1});
  const auto refused = [&](const char* name, const Attributes& changes, const char* message) {
    add_refusal(name, regressor(changes), {x}, message, 3);
  };
  refused("a cycle", {{"nodes_truenodeids", list({0, 0, 0})}}, "reached twice");
  refused(
      "a node with two parents",
      {{"nodes_modes", Texts{"BRANCH_LEQ", "BRANCH_LEQ", "LEAF"}}, {"nodes_truenodeids", list({1, 1, 0})}},
      "reached twice");
  refused("a child that is not there", {{"nodes_falsenodeids", list({7, 0, 0})}}, "has no node 7");
  refused("a negative child", {{"nodes_truenodeids", list({-1, 0, 0})}}, "has no node -1");
  refused("a node twice", {{"nodes_nodeids", list({0, 1, 1})}}, "has node 1 twice");
  refused("too few thresholds", {{"nodes_values", Reals{1}}}, "'nodes_values' has 1 elements and needs 3");
  refused("too few modes", {{"nodes_modes", Texts{"LEAF"}}}, "'nodes_modes' has 1");
  refused("an unknown mode", {{"nodes_modes", Texts{"BRANCH", "LEAF", "LEAF"}}}, "no node mode 'BRANCH'");
  refused("too few tracks", {{"nodes_missing_value_tracks_true", list({1})}}, "needs 3");
  refused("a feature beyond the input", {{"nodes_featureids", list({4, 0, 0})}}, "the input has 1 features");
  refused("a negative feature", {{"nodes_featureids", list({-4, 0, 0})}}, "reads feature -4");
  refused("a huge feature", {{"nodes_featureids", list({std::int64_t{1} << 40, 0, 0})}}, "reads feature");
  refused("votes for no target", {{"target_ids", list({0, 1})}}, "'target_ids' holds 1");
  refused("votes for a negative target", {{"target_ids", list({0, -1})}}, "'target_ids' holds -1");
  refused("votes of no node", {{"target_nodeids", list({1, 9})}}, "has no node 9");
  refused("votes of unequal length", {{"target_treeids", list({0})}}, "'target_treeids' has 1");
  refused("no targets", {{"n_targets", std::int64_t{0}}}, "0");
  refused("far too many targets", {{"n_targets", std::int64_t{1} << 50}}, "n_targets is");
  refused("base values of another number", {{"base_values", Reals{1, 2}}}, "'base_values' has 2");
  refused("an unknown aggregate", {{"aggregate_function", std::string("MEDIAN")}},
          "no aggregate_function 'MEDIAN'");
  refused("an unknown transform", {{"post_transform", std::string("TANH")}}, "no post_transform 'TANH'");
  refused("thresholds twice", {{"nodes_values_as_tensor", tensor_attribute(reals({1, 0, 0}))}}, "has both");
  refused("an attribute of another type", {{"nodes_treeids", Reals{0, 0, 0}}}, "nodes_treeids");
  add_refusal("a cube", regressor(), {counting({1, 1, 1})}, "takes [N, C] or [C]", 3);
  add_refusal("a scalar", regressor(), {Tensor::scalar(1.0f)}, "takes [N, C] or [C]", 3);
  add_refusal("no labels", classifier(votes({0, 1}, {1, 1}), {{"classlabels_int64s", {}}}), {x},
              "needs classlabels", 3);
  add_refusal("an unknown class", classifier(votes({0, 2}, {1, 1})), {x}, "'class_ids' holds 2", 3);
  const auto newer = [&](const char* name, std::uint8_t mode, const Attributes& changes,
                         const char* message) {
    add_refusal(name, ensemble(mode, changes), {x}, message, 5);
  };
  newer("a root that is not there", 0, {{"tree_roots", list({1})}}, "there is no node 1");
  newer("a leaf that is not there", 0, {{"nodes_truenodeids", list({2})}}, "there is no leaf 2");
  newer("a newer cycle", 0, {{"nodes_trueleafs", list({0})}}, "reached twice");
  newer("a newer tree twice", 0, {{"tree_roots", list({0, 0})}}, "reached twice");
  newer("an unknown number", 7, {}, "no mode from 0 to 6");
  newer("a set that does not end", 6, {{"membership_values", tensor_attribute(reals({4, 2}))}},
        "1 nodes test membership");
  newer("no sets", 6, {{"membership_values", {}}}, "1 nodes test membership");
  newer("a leaf's unknown target", 0, {{"leaf_targetids", list({0, 3})}}, "'leaf_targetids' holds 3");
  newer("splits of another number", 0, {{"nodes_splits", tensor_attribute(reals({}))}},
        "'nodes_splits' has 0");
  newer("an unknown aggregate number", 0, {{"aggregate_function", std::int64_t{4}}},
        "aggregate_function is 4");
  newer("an unknown transform number", 0, {{"post_transform", std::int64_t{-1}}}, "post_transform is -1");
}

void TreeEnsembleTest::infers_data() {
  inference_columns();
  const auto add = [](const char* name, Node made, Type input, std::vector<std::string> wanted,
                      std::string problem = "") {
    InferenceCase row;
    row.node = std::move(made);
    row.inputs = {std::move(input)};
    row.wanted = std::move(wanted);
    row.problem = std::move(problem);
    row.opset = 3;
    if (row.node.op_type == "TreeEnsemble") row.opset = 5;
    add_inference_case(name, std::move(row));
  };
  add("regressor", two_trees(), floats({"N", "2"}), {"float32 N × 2"});
  add("regressor of a vector", two_trees(), floats({"2"}), {"float32 1 × 2"});
  add("classifier", classifier(votes({0, 1}, {1, 1})), floats({"N", "4"}), {"int64 N", "float32 N × 2"});
  add("classifier with text",
      classifier(votes({0, 1}, {1, 1}), {{"classlabels_strings", Texts{"a", "b", "c"}}}), floats({"7", "4"}),
      {"string 7", "float32 7 × 3"});
  add("a cube", classifier(votes({0, 1}, {1, 1})), floats({"1", "2", "3"}), {"int64 ?", "float32 ? × 2"},
      "must be [N, C] or [C]");
  add("newer, in the input's type", ensemble(0),
      Type::tensor(DataType::Float64, Shape{Dimension::symbol("N"), 3}), {"float64 N × 1"});
}

void TreeEnsembleTest::computesInFloat64WhereAsked() {
  const auto got = run_kernel(regressor({{"target_weights", Reals{0.1f, 0.2f}}}),
                              {Tensor::of({1, 1}, std::vector<double>{1})}, 3, true);
  COMPARE_TENSORS(got[0].tensor(), Tensor::of({1, 1}, std::vector<double>{static_cast<double>(0.1f)}));
}

QTEST_GUILESS_MAIN(TreeEnsembleTest)
#include "tree_ensemble_test.moc"
