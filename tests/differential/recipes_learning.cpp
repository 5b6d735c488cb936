#include <algorithm>
#include <cmath>

#include "tests/differential/call.h"

namespace lapidary::differential {
namespace {

std::vector<float> reals(Random& random, std::int64_t count, double low = -2, double high = 2) {
  std::vector<float> values;
  for (; count > 0; --count) values.push_back(static_cast<float>(random.between_reals(low, high)));
  return values;
}

std::vector<std::int64_t> integers(std::int64_t count, std::int64_t first = 0) {
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(first + i);
  return values;
}

std::vector<std::string> texts(std::int64_t count) {
  static const std::vector<std::string> words = {"a", "ab", "B", "é", "10", " x "};
  return {words.begin(), words.begin() + count};
}

/// Rows of features without infinities, which sums would turn into NaN in another place than their products.
Tensor features(Call& call) {
  const Tensor x = call.any(2, 2);
  if (x.size() == 0) throw Unsuitable();
  require_finite(x);
  return x;
}

void labels(Call& call, const std::string& integer_name, std::int64_t count) {
  if (call.random.chance(0.7))
    call.set(integer_name, integers(count, call.random.between(0, 3)));
  else
    call.set("classlabels_strings", texts(count));
}

/// ONNX Runtime leaves a single score as it is.
void transform(Call& call, std::int64_t scores) {
  if (scores > 1) call.word("post_transform", {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"});
}

void linear_classifier(Call& call) {
  const std::int64_t width = features(call).dims()[1], classes = call.random.between(2, 4);
  const bool one_row = classes == 2 && call.random.chance(0.3);
  call.set("coefficients", reals(call.random, width * (one_row ? 1 : classes)));
  call.set("intercepts", reals(call.random, one_row ? 1 : classes));
  labels(call, "classlabels_ints", classes);
  transform(call, one_row ? 1 : classes);
}

void linear_regressor(Call& call) {
  const std::int64_t width = features(call).dims()[1], targets = call.random.between(1, 3);
  call.set("coefficients", reals(call.random, width * targets));
  call.set("targets", targets);
  if (call.random.chance(0.6)) call.set("intercepts", reals(call.random, targets));
  transform(call, targets);
}

void kernel_function(Call& call) {
  call.set("kernel_type", call.random.pick(std::vector<std::string>{"LINEAR", "POLY", "RBF", "SIGMOID"}));
  call.set("kernel_params", std::vector<float>{0.5f, 0.25f, 2});
}

void vector_regressor(Call& call) {
  const std::int64_t width = features(call).dims()[1], vectors = call.random.between(1, 4);
  kernel_function(call);
  call.set("n_supports", vectors);
  call.set("support_vectors", reals(call.random, vectors * width));
  call.set("coefficients", reals(call.random, vectors));
  call.set("rho", reals(call.random, 1));
  call.flag("one_class");
}

void vector_classifier(Call& call) {
  const std::int64_t width = features(call).dims()[1], classes = call.random.between(2, 4);
  std::vector<std::int64_t> by_class;
  std::int64_t vectors = 0;
  for (std::int64_t i = 0; i < classes; ++i) {
    by_class.push_back(call.random.between(1, 3));
    vectors += by_class.back();
  }
  const std::int64_t pairs = classes * (classes - 1) / 2;
  kernel_function(call);
  call.set("vectors_per_class", by_class);
  call.set("support_vectors", reals(call.random, vectors * width));
  call.set("coefficients", reals(call.random, vectors * (classes - 1)));
  call.set("rho", reals(call.random, pairs));
  if (call.random.chance(0.4)) {
    call.set("prob_a", reals(call.random, pairs, -2, -0.5));
    call.set("prob_b", reals(call.random, pairs));
  }
  labels(call, "classlabels_ints", classes);
}

// --- trees ---

/// Decision trees, node by node in the form that versions before 5 have.
struct Trees {
  std::vector<std::int64_t> trees, nodes, features, trues, falses, missing;
  std::vector<float> values;
  std::vector<std::string> modes;
  std::vector<std::int64_t> leaf_trees, leaf_nodes;
};

/// Adds a node and what is under it; gives its number in its tree.
std::int64_t grow(Call& call, Trees& trees, std::int64_t tree, std::int64_t& next, std::int64_t width,
                  int depth, const std::string& mode) {
  const std::int64_t number = next++;
  const std::size_t at = trees.nodes.size();
  const bool is_leaf = depth == 0 || (depth < 3 && call.random.chance(0.3));
  trees.trees.push_back(tree);
  trees.nodes.push_back(number);
  trees.features.push_back(is_leaf ? 0 : call.random.below(width));
  trees.values.push_back(is_leaf ? 0 : static_cast<float>(call.random.between(-3, 3)));
  trees.modes.push_back(is_leaf ? "LEAF" : mode);
  trees.missing.push_back(is_leaf ? 0 : call.random.below(2));
  trees.trues.push_back(0);
  trees.falses.push_back(0);
  if (is_leaf) {
    trees.leaf_trees.push_back(tree);
    trees.leaf_nodes.push_back(number);
    return number;
  }
  trees.trues[at] = grow(call, trees, tree, next, width, depth - 1, mode);
  trees.falses[at] = grow(call, trees, tree, next, width, depth - 1, mode);
  return number;
}

Trees random_trees(Call& call, std::int64_t width) {
  const std::string mode = call.random.pick(std::vector<std::string>{"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE",
                                                                     "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"});
  Trees trees;
  for (std::int64_t tree = 0, count = call.random.between(1, 12); tree < count; ++tree) {
    std::int64_t next = 0;
    grow(call, trees, tree, next, width, static_cast<int>(call.random.between(0, 4)), mode);
  }
  return trees;
}

void set_trees(Call& call, const Trees& trees) {
  call.set("nodes_treeids", trees.trees);
  call.set("nodes_nodeids", trees.nodes);
  call.set("nodes_featureids", trees.features);
  call.set("nodes_truenodeids", trees.trues);
  call.set("nodes_falsenodeids", trees.falses);
  call.set("nodes_modes", trees.modes);
  call.set("nodes_values", trees.values);
  if (call.random.chance(0.5)) call.set("nodes_missing_value_tracks_true", trees.missing);
}

/// Each tree votes for one column, as exporters write it. Every column has votes: without any, ONNX Runtime
/// leaves its base value out.
void set_votes(Call& call, const Trees& trees, const std::string& prefix, std::int64_t columns) {
  if (trees.leaf_trees.back() + 1 < columns) throw Unsuitable();
  std::vector<std::int64_t> ids;
  for (const std::int64_t tree : trees.leaf_trees) ids.push_back(tree % columns);
  call.set(prefix + "_treeids", trees.leaf_trees);
  call.set(prefix + "_nodeids", trees.leaf_nodes);
  call.set(prefix + "_ids", ids);
  call.set(prefix + "_weights", reals(call.random, static_cast<std::int64_t>(ids.size()), -1, 1));
}

/// Rows that trees decide on; NaN is a missing value there.
Tensor decided_on(Call& call) {
  const Tensor x = call.any(2, 2);
  if (x.size() == 0 || call.record.since_version >= 5) throw Unsuitable();
  return x;
}

void tree_classifier(Call& call) {
  const std::int64_t width = decided_on(call).dims()[1], classes = call.random.between(2, 4);
  const Trees trees = random_trees(call, width);
  set_trees(call, trees);
  // Of two classes ONNX Runtime looks at the second's votes only, so it alone gets some.
  set_votes(call, trees, "class", classes == 2 ? 1 : classes);
  labels(call, "classlabels_int64s", classes);
  if (classes > 2 && call.random.chance(0.4)) call.set("base_values", reals(call.random, classes));
  if (classes > 2) transform(call, classes);
}

void tree_regressor(Call& call) {
  const std::int64_t width = decided_on(call).dims()[1], targets = call.random.between(1, 3);
  const Trees trees = random_trees(call, width);
  set_trees(call, trees);
  set_votes(call, trees, "target", targets);
  call.set("n_targets", targets);
  if (call.random.chance(0.4)) call.set("base_values", reals(call.random, targets));
  call.word("aggregate_function", {"SUM", "AVERAGE", "MIN", "MAX"});
  if (call.random.chance(0.2)) transform(call, targets);
}

std::shared_ptr<const NamedTensor> named(Tensor tensor) {
  auto value = std::make_shared<NamedTensor>();
  value->tensor = std::move(tensor);
  return value;
}

/// The form of version 5: inner nodes and leaves apart.
void tree_ensemble(Call& call) {
  const Tensor x = call.any(2, 2);
  if (x.size() == 0) throw Unsuitable();
  const Trees trees = random_trees(call, x.dims()[1]);
  static const std::vector<std::string> modes = {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE",
                                                 "BRANCH_GT",  "BRANCH_EQ", "BRANCH_NEQ"};
  std::vector<std::int64_t> place(trees.nodes.size());
  std::int64_t inner = 0, leaves = 0;
  for (std::size_t i = 0; i < trees.nodes.size(); ++i)
    place[i] = trees.modes[i] == "LEAF" ? leaves++ : inner++;
  std::vector<std::int64_t> features, trues, falses, true_leaves, false_leaves, missing, roots, targets;
  std::vector<double> splits, weights, codes;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < trees.nodes.size(); ++i) {
    if (trees.nodes[i] == 0) begin = i;
    if (trees.modes[i] == "LEAF" && trees.nodes[i] == 0) throw Unsuitable();  // a tree of one leaf
    if (trees.nodes[i] == 0) roots.push_back(place[i]);
    if (trees.modes[i] == "LEAF") continue;
    const auto add_child = [&](std::int64_t number, std::vector<std::int64_t>& ids,
                               std::vector<std::int64_t>& is_leaf) {
      const std::size_t child = begin + static_cast<std::size_t>(number);
      ids.push_back(place[child]);
      is_leaf.push_back(trees.modes[child] == "LEAF" ? 1 : 0);
    };
    add_child(trees.trues[i], trues, true_leaves);
    add_child(trees.falses[i], falses, false_leaves);
    features.push_back(trees.features[i]);
    splits.push_back(trees.values[i]);
    missing.push_back(trees.missing[i]);
    codes.push_back(
        static_cast<double>(std::find(modes.begin(), modes.end(), trees.modes[i]) - modes.begin()));
  }
  const std::int64_t columns = call.random.between(1, 3);
  for (std::int64_t i = 0; i < leaves; ++i) {
    targets.push_back(i % columns);
    weights.push_back(call.random.between_reals(-1, 1));
  }
  call.set("tree_roots", roots);
  call.set("nodes_featureids", features);
  call.set("nodes_truenodeids", trues);
  call.set("nodes_falsenodeids", falses);
  call.set("nodes_trueleafs", true_leaves);
  call.set("nodes_falseleafs", false_leaves);
  call.set("nodes_splits", named(tensor_from(x.type(), {inner}, splits)));
  call.set("nodes_modes", named(tensor_from(DataType::UInt8, {inner}, codes)));
  call.set("leaf_targetids", targets);
  call.set("leaf_weights", named(tensor_from(x.type(), {leaves}, weights)));
  call.set("n_targets", columns);
  if (call.random.chance(0.5)) call.set("nodes_missing_value_tracks_true", missing);
  call.set("aggregate_function", call.random.between(0, 3));
  if (columns > 1 && call.random.chance(0.3)) call.set("post_transform", call.random.between(0, 3));
}

// --- features ---

void scaler(Call& call) {
  const std::int64_t width = features(call).dims()[1];
  const std::int64_t count = call.random.chance(0.5) ? 1 : width;
  call.set("offset", reals(call.random, count));
  call.set("scale", reals(call.random, count));
}

/// Magnitudes whose sum is a number of any type.
void normalizer(Call& call) {
  for (const double value : values_as<double>(features(call)))
    if (std::abs(value) > 1e6) throw Unsuitable();
  call.word("norm", {"MAX", "L1", "L2"});
}

void binarizer(Call& call) {
  call.any(1, 4);
  call.number("threshold", -2, 2);
}

void imputer(Call& call) {
  const Tensor x = call.any(2, 2);
  const std::int64_t count = call.random.chance(0.5) ? 1 : x.dims()[1];
  if (x.size() == 0) throw Unsuitable();
  if (is_integer(x.type())) {
    call.set("imputed_value_int64s", integers(count, 5));
    return call.set("replaced_value_int64", call.random.between(0, 1));
  }
  call.set("imputed_value_floats", reals(call.random, count));
  call.set("replaced_value_float", call.random.chance(0.5) ? 0.0f : std::nanf(""));
}

void label_encoder(Call& call) {
  if (call.record.since_version < 2) {
    call.any(1, 3);
    return call.set("classes_strings", texts(4));
  }
  const Tensor x = call.any(1, 3);
  if (x.type() == DataType::String)
    call.set("keys_strings", texts(3));
  else if (x.type() == DataType::Int64)
    call.set("keys_int64s", integers(3));
  else if (x.type() == DataType::Float32)
    call.set("keys_floats", std::vector<float>{0, 1, 2});
  else
    throw Unsuitable();
  const std::int64_t kind = call.random.below(3);
  if (kind == 0) return call.set("values_strings", texts(3));
  if (kind == 1) return call.set("values_int64s", integers(3, 7));
  call.set("values_floats", reals(call.random, 3));
}

void one_hot_encoder(Call& call) {
  const Tensor x = call.any(1, 3);
  if (x.is_string())
    call.set("cats_strings", texts(3));
  else
    call.set("cats_int64s", integers(4));
  if (!x.is_string()) require_finite(x);
  call.flag("zeros");
}

void category_mapper(Call& call) {
  call.any(1, 3);
  call.set("cats_strings", texts(3));
  call.set("cats_int64s", integers(3));
}

void column_chooser(Call& call) {
  const Tensor x = call.any(1, 3);
  if (x.size() == 0) throw Unsuitable();
  std::vector<std::int64_t> columns;
  for (std::int64_t i = call.random.between(1, 4); i > 0; --i)
    columns.push_back(call.random.below(x.dims().back()));
  call.integers(columns);
}

void feature_vector(Call& call) {
  const Tensor first = features(call);
  std::vector<std::int64_t> widths = {first.dims()[1]};
  for (std::int64_t more = call.random.below(3); more > 0; --more) {
    widths.push_back(call.random.between(1, 4));
    call.sized({first.dims()[0], widths.back()});
  }
  call.set("inputdimensions", widths);
}

void zip_map(Call& call) {
  const Tensor x = features(call);
  if (x.dims()[1] > 6) throw Unsuitable();
  if (call.random.chance(0.5))
    call.set("classlabels_int64s", integers(x.dims()[1]));
  else
    call.set("classlabels_strings", texts(x.dims()[1]));
}

}  // namespace

RecipeList learning_recipes() {
  return {{"ai.onnx.ml.LinearClassifier", linear_classifier},
          {"ai.onnx.ml.LinearRegressor", linear_regressor},
          {"ai.onnx.ml.SVMRegressor", vector_regressor},
          {"ai.onnx.ml.SVMClassifier", vector_classifier},
          {"ai.onnx.ml.TreeEnsembleClassifier", tree_classifier},
          {"ai.onnx.ml.TreeEnsembleRegressor", tree_regressor},
          {"ai.onnx.ml.TreeEnsemble", tree_ensemble},
          {"ai.onnx.ml.Scaler", scaler},
          {"ai.onnx.ml.Normalizer", normalizer},
          {"ai.onnx.ml.Binarizer", binarizer},
          {"ai.onnx.ml.Imputer", imputer},
          {"ai.onnx.ml.LabelEncoder", label_encoder},
          {"ai.onnx.ml.OneHotEncoder", one_hot_encoder},
          {"ai.onnx.ml.CategoryMapper", category_mapper},
          {"ai.onnx.ml.ArrayFeatureExtractor", column_chooser},
          {"ai.onnx.ml.FeatureVectorizer", feature_vector},
          {"ai.onnx.ml.ZipMap", zip_map}};
}

}  // namespace lapidary::differential
