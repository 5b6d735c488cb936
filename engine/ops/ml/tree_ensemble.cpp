// Decision trees: TreeEnsemble, and its older forms TreeEnsembleClassifier and TreeEnsembleRegressor.

#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/ml/forest.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

/// Adds the votes of every tree for one row.
void collect_votes(const Forest& forest, std::span<const double> row, std::span<double> scores) {
  for (const Tree& tree : forest.trees) {
    const ForestNode* node = &forest.nodes[static_cast<std::size_t>(tree.root)];
    while (node->comparison != Comparison::Leaf) {
      const bool is_true = goes_true(forest, *node, row[static_cast<std::size_t>(node->feature)]);
      node = &forest.nodes[static_cast<std::size_t>(node->child + is_true)];
    }
    for (std::int32_t i = node->first_vote; i < node->last_vote; ++i) {
      const Vote& vote = forest.votes[static_cast<std::size_t>(i)];
      add_vote(forest.aggregate, scores[static_cast<std::size_t>(vote.target)], vote.weight);
    }
  }
}

FeatureMatrix checked_features(const KernelContext& context, const Forest& forest) {
  FeatureMatrix features = feature_matrix(context, 0);
  if (features.columns < forest.features)
    throw Error("the trees read feature " + std::to_string(forest.features - 1) + ", and the input has " +
                std::to_string(features.columns) + " features");
  return features;
}

/// Calls `finish` with every row's scores after all votes; returns the scores of all rows.
template <class F>
std::vector<double> score_rows(const KernelContext& context, const Forest& forest,
                               const FeatureMatrix& features, F&& finish) {
  const auto targets = static_cast<std::size_t>(forest.targets);
  std::vector<double> scores(static_cast<std::size_t>(features.rows) * targets);
  for (std::int64_t i = 0; i < features.rows; ++i) {
    context.cancel.check();
    const std::span<double> row(scores.data() + static_cast<std::size_t>(i) * targets, targets);
    begin_scores(forest, row);
    collect_votes(forest, features.row(i), row);
    finish(row);
  }
  return scores;
}

void tree_ensemble(KernelContext& context) {
  const Forest forest = read_forest(context);
  const FeatureMatrix features = checked_features(context, forest);
  const auto scores =
      score_rows(context, forest, features, [&](std::span<double> row) { finish_scores(forest, row); });
  const Dims dims = {features.rows, forest.targets};
  if (context.node().op_type == "TreeEnsemble")
    context.set_output(0, tensor_from(context.input(0).type(), dims, scores));
  else
    write_scores(context, 0, dims, scores);
}

void tree_ensemble_classifier(KernelContext& context) {
  const Forest forest = read_forest(context);
  const ForestClasses classes = read_forest_classes(context, forest);
  const FeatureMatrix features = checked_features(context, forest);
  std::vector<std::size_t> labels;
  const auto scores = score_rows(context, forest, features, [&](std::span<double> row) {
    labels.push_back(finish_classes(forest, classes, row));
  });
  write_labels(context, 0, classes.labels, labels);
  write_scores(context, 1, {features.rows, forest.targets}, scores);
}

// --- inference ---

void infer_regression(InferenceContext& context) {
  const bool is_new = context.node().op_type == "TreeEnsemble";
  const std::int64_t targets = context.integer("n_targets", 1);
  if (targets < 1) context.report("n_targets must be 1 or more");
  const DataType element = is_new ? context.input_element(0) : DataType::Float32;
  context.set_output(0, element, Shape{row_count(context), targets});
}

void infer_classification(InferenceContext& context) {
  const std::size_t classes = infer_labels(context, "classlabels_int64s");
  context.set_output(1, DataType::Float32,
                     Shape{row_count(context), Dimension(static_cast<std::int64_t>(classes))});
}

// --- records ---

constexpr const char* missing_text =
    "1 where a missing value (NaN) goes to the true child, 0 where it goes to the false one; all 0 if left "
    "out.";
constexpr const char* hitrates_text = "How often each node is visited; a hint, not used.";

/// Attributes that describe the nodes by tree and node number.
Operator with_named_nodes(Operator record) {
  const auto integers = [&](const char* name, const char* text) {
    record.optional_attribute(name, AttributeType::Ints, text);
  };
  integers("nodes_treeids", "The tree of each node; a tree's first node is its root.");
  integers("nodes_nodeids", "The number of each node, which no other node of its tree has.");
  integers("nodes_featureids", "Which feature each node compares.");
  integers("nodes_truenodeids", "Number of the child where the comparison holds.");
  integers("nodes_falsenodeids", "Number of the child where it does not.");
  integers("nodes_missing_value_tracks_true", missing_text);
  record.optional_attribute("nodes_values", AttributeType::Floats, "What each node compares with.");
  record.optional_attribute("nodes_hitrates", AttributeType::Floats, hitrates_text);
  record.optional_attribute("nodes_modes", AttributeType::Strings,
                            "BRANCH_LEQ, BRANCH_LT, BRANCH_GTE, BRANCH_GT, BRANCH_EQ, BRANCH_NEQ, or LEAF "
                            "where nothing is compared.");
  return record;
}

Operator with_votes(Operator record, const std::string& prefix, const std::string& ids) {
  record.optional_attribute(prefix + "_treeids", AttributeType::Ints,
                            "Tree of the leaf that each vote is from.");
  record.optional_attribute(prefix + "_nodeids", AttributeType::Ints, "Number of that leaf in its tree.");
  record.optional_attribute(ids, AttributeType::Ints,
                            "Which " + prefix + " each vote is for, counted from 0.");
  record.optional_attribute(prefix + "_weights", AttributeType::Floats, "What each vote adds.");
  return record;
}

Operator with_transform(Operator record) {
  return record
      .attribute("post_transform", std::string("NONE"),
                 "What is done to the scores in the end: NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT.")
      .optional_attribute("base_values", AttributeType::Floats,
                          "Added to the scores before the transform, one for each column; 0 if left out.");
}

/// Version 3 takes every list of reals as a tensor too.
Operator with_tensors(const Operator& record, const std::string& prefix) {
  Operator wide = record.at(3);
  for (const std::string& name : {std::string("nodes_values"), std::string("nodes_hitrates"),
                                  prefix + "_weights", std::string("base_values")})
    wide.optional_attribute(name + "_as_tensor", AttributeType::Tensor,
                            "In place of '" + name + "', with elements of float32 or float64.");
  return wide;
}

types::List features() { return types::tensors({"float", "double", "int64", "int32"}); }

constexpr const char* stump =
    "X = float[2, 1]{1, 5}; nodes_treeids = [0, 0, 0]; nodes_nodeids = [0, 1, 2]; nodes_featureids = [0, 0, "
    "0]; "
    "nodes_values = [3.0, 0.0, 0.0]; nodes_modes = [\"BRANCH_LEQ\", \"LEAF\", \"LEAF\"]; "
    "nodes_truenodeids = [1, 0, 0]; nodes_falsenodeids = [2, 0, 0]; ";

void register_classifier(OperatorTable& table) {
  Operator record("TreeEnsembleClassifier", 1, OperatorKind::Other, "ai.onnx.ml");
  record.summary("The class that the leaves of decision trees vote for, and the score of every class.")
      .input("X", "T1", "One row of features a sample, [N, F].")
      .output("Y", "T2", "The label with the greatest score, [N].")
      .output("Z", "tensor(float)", "The scores of all classes, [N, E].")
      .constraint("T1", features())
      .constraint("T2", types::tensors({"string", "int64"}));
  record =
      with_transform(with_votes(with_named_nodes(std::move(record)), "class", "class_ids"))
          .optional_attribute("classlabels_strings", AttributeType::Strings, "The labels, if they are text.")
          .optional_attribute("classlabels_int64s", AttributeType::Ints, "The labels, if they are integers.")
          .infer(infer_classification)
          .kernel(tree_ensemble_classifier)
          .cost(unknown_cost())
          .example(std::string(stump) +
                   "class_treeids = [0, 0]; class_nodeids = [1, 2]; class_ids = [0, 1]; "
                   "class_weights = [1.0, 1.0]; classlabels_strings = [\"small\", \"large\"]");
  table.add(record);
  const Operator wide = with_tensors(record, "class");
  table.add(wide);
  table.add(Operator(wide.at(5)).deprecated().change("TreeEnsemble and ArgMax take its place."));
}

void register_regressor(OperatorTable& table) {
  Operator record("TreeEnsembleRegressor", 1, OperatorKind::Other, "ai.onnx.ml");
  record.summary("Numbers that the leaves of decision trees add up to, for one or several targets.")
      .input("X", "T", "One row of features a sample, [N, F].")
      .output("Y", "tensor(float)", "One number a target, [N, n_targets].")
      .constraint("T", features());
  record =
      with_transform(with_votes(with_named_nodes(std::move(record)), "target", "target_ids"))
          .optional_attribute("n_targets", AttributeType::Int, "How many targets there are; 1 if left out.")
          .attribute("aggregate_function", std::string("SUM"),
                     "What becomes of a target's votes: SUM, AVERAGE (over trees), MIN or MAX.")
          .infer(infer_regression)
          .kernel(tree_ensemble)
          .cost(unknown_cost())
          .example(std::string(stump) +
                   "target_treeids = [0, 0]; target_nodeids = [1, 2]; target_ids = [0, 0]; "
                   "target_weights = [10.0, 20.0]; n_targets = 1");
  table.add(record);
  const Operator wide = with_tensors(record, "target");
  table.add(wide);
  table.add(Operator(wide.at(5)).deprecated().change("TreeEnsemble takes its place."));
}

void register_ensemble(OperatorTable& table) {
  Operator record("TreeEnsemble", 5, OperatorKind::Other, "ai.onnx.ml");
  record
      .summary(
          "Numbers that the leaves of decision trees add up to. Nodes compare one feature each and lead to "
          "two other nodes or leaves; every leaf gives a weight to one target.")
      .input("X", "T", "One row of features a sample, [N, F].")
      .output("Y", "T", "One number a target, [N, n_targets].")
      .constraint("T", types::tensors({"float", "double", "float16"}))
      .attribute(
          "aggregate_function", std::int64_t{1},
          "What becomes of a target's weights: 0 their average over trees, 1 sum, 2 least, 3 greatest.")
      .required_attribute("leaf_targetids", AttributeType::Ints, "The target of each leaf.")
      .required_attribute("leaf_weights", AttributeType::Tensor, "The weight of each leaf.")
      .optional_attribute("membership_values", AttributeType::Tensor,
                          "For each node of mode 6 in turn the values that count as members, then a NaN.")
      .optional_attribute("n_targets", AttributeType::Int, "How many targets there are; 1 if left out.")
      .required_attribute("nodes_falseleafs", AttributeType::Ints,
                          "1 where the false child is a leaf, 0 where it is a node.")
      .required_attribute("nodes_falsenodeids", AttributeType::Ints,
                          "Position of the false child among the leaves or nodes.")
      .required_attribute("nodes_featureids", AttributeType::Ints, "Which feature each node compares.")
      .optional_attribute("nodes_hitrates", AttributeType::Tensor, hitrates_text)
      .optional_attribute("nodes_missing_value_tracks_true", AttributeType::Ints, missing_text)
      .required_attribute("nodes_modes", AttributeType::Tensor,
                          "The comparison as uint8: 0 ≤, 1 <, 2 ≥, 3 >, 4 =, 5 ≠, 6 is a member.")
      .required_attribute("nodes_splits", AttributeType::Tensor, "What each node compares with.")
      .required_attribute("nodes_trueleafs", AttributeType::Ints,
                          "1 where the true child is a leaf, 0 where it is a node.")
      .required_attribute("nodes_truenodeids", AttributeType::Ints,
                          "Position of the true child among the leaves or nodes.")
      .attribute(
          "post_transform", std::int64_t{0},
          "What is done to the sums in the end: 0 nothing, 1 softmax, 2 logistic, 3 softmax of all that is "
          "not 0, 4 probit.")
      .required_attribute("tree_roots", AttributeType::Ints, "Position of each tree's first node.")
      .infer(infer_regression)
      .kernel(tree_ensemble)
      .cost(unknown_cost())
      .example(
          "X = float[2, 1]{1, 5}; n_targets = 1; tree_roots = [0]; nodes_featureids = [0]; "
          "nodes_modes = uint8[1]{0}; nodes_splits = float[1]{3}; nodes_trueleafs = [1]; "
          "nodes_truenodeids = [0]; nodes_falseleafs = [1]; nodes_falsenodeids = [1]; "
          "leaf_targetids = [0, 0]; leaf_weights = float[2]{10, 20}");
  table.add(record);
}

}  // namespace

void register_tree_ensemble(OperatorTable& table) {
  register_classifier(table);
  register_regressor(table);
  register_ensemble(table);
}

}  // namespace lapidary
