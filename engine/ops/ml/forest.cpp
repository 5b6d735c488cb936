#include "engine/ops/ml/forest.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>

namespace lapidary {
namespace {

/// A node as the attributes list it. Children are positions in the same list; leaves may stand there too.
struct Listed {
  Comparison comparison = Comparison::Leaf;
  bool missing_is_true = false;
  std::int64_t feature = 0;
  double threshold = 0;
  std::int64_t when_true = -1, when_false = -1;
  std::int32_t set = -1;
};

/// Nodes, roots, and the votes of each leaf in the list.
struct Listing {
  std::vector<Listed> nodes;
  std::vector<std::int64_t> roots;
  std::vector<std::vector<Vote>> votes;  ///< by node
};

std::int32_t narrow(std::size_t count) {
  if (count > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    throw Error("there are more than 2^31 nodes");
  return static_cast<std::int32_t>(count);
}

// --- breadth first, siblings side by side ---

/// Where nodes of the list stand already: whether a node is part of a tree, and where a leaf's votes begin.
struct Placed {
  std::vector<bool> nodes;
  std::vector<std::int32_t> votes;
};

/// Appends a node of the list; its children follow later.
void append(Forest& forest, const Listing& listing, std::int64_t position, Placed& placed) {
  const auto at = static_cast<std::size_t>(position);
  const Listed& listed = listing.nodes[at];
  ForestNode node;
  node.comparison = listed.comparison;
  if (node.comparison == Comparison::Leaf) {
    node.child = narrow(forest.nodes.size());
    node.threshold = std::numeric_limits<double>::quiet_NaN();
    if (placed.votes[at] < 0) {
      placed.votes[at] = narrow(forest.votes.size());
      forest.votes.insert(forest.votes.end(), listing.votes[at].begin(), listing.votes[at].end());
    }
    node.first_vote = placed.votes[at];
    node.last_vote = node.first_vote + narrow(listing.votes[at].size());
  } else {
    if (placed.nodes[at])
      throw Error("node " + std::to_string(position) + " of the trees is reached twice: this is no tree");
    placed.nodes[at] = true;
    if (listed.feature < 0 || listed.feature >= std::numeric_limits<std::int32_t>::max())
      throw Error("node " + std::to_string(position) + " of the trees reads feature " +
                  std::to_string(listed.feature));
    node.threshold = listed.threshold;
    node.feature = static_cast<std::int32_t>(listed.feature);
    node.missing_is_true = listed.missing_is_true;
    node.set = listed.set;
    forest.features = std::max(forest.features, listed.feature + 1);
  }
  forest.nodes.push_back(node);
}

void append_tree(Forest& forest, const Listing& listing, std::int64_t root, Placed& placed) {
  std::vector<std::int64_t> level = {root};
  Tree tree{narrow(forest.nodes.size()), 0};
  append(forest, listing, root, placed);
  std::size_t first = static_cast<std::size_t>(tree.root);
  for (;;) {
    std::vector<std::int64_t> below;
    for (std::size_t i = 0; i < level.size(); ++i) {
      if (forest.nodes[first + i].comparison == Comparison::Leaf) continue;
      const Listed& listed = listing.nodes[static_cast<std::size_t>(level[i])];
      forest.nodes[first + i].child = narrow(forest.nodes.size());
      for (const std::int64_t child : {listed.when_false, listed.when_true}) {
        below.push_back(child);
        append(forest, listing, child, placed);
      }
    }
    if (below.empty()) break;
    first += level.size();
    level = std::move(below);
    ++tree.depth;
  }
  forest.trees.push_back(tree);
}

void append_trees(Forest& forest, const Listing& listing) {
  Placed placed{std::vector<bool>(listing.nodes.size(), false),
                std::vector<std::int32_t>(listing.nodes.size(), -1)};
  for (const std::int64_t root : listing.roots) append_tree(forest, listing, root, placed);
}

// --- TreeEnsembleClassifier and TreeEnsembleRegressor: nodes are named by tree and node number ---

struct NodeName {
  std::int64_t tree, node;
  bool operator==(const NodeName&) const = default;
};
struct NodeNameHash {
  std::size_t operator()(const NodeName& name) const {
    return std::hash<std::int64_t>()(name.tree * 0x9e3779b97f4a7c15 + name.node);
  }
};
using NodePositions = std::unordered_map<NodeName, std::int64_t, NodeNameHash>;

std::int64_t position_of(const NodePositions& positions, std::int64_t tree, std::int64_t node) {
  const auto found = positions.find({tree, node});
  if (found == positions.end())
    throw Error("tree " + std::to_string(tree) + " has no node " + std::to_string(node));
  return found->second;
}

Comparison comparison_named(const std::string& name) {
  static const std::map<std::string, Comparison> comparisons = {{"BRANCH_LEQ", Comparison::LessOrEqual},
                                                                {"BRANCH_LT", Comparison::Less},
                                                                {"BRANCH_GTE", Comparison::GreaterOrEqual},
                                                                {"BRANCH_GT", Comparison::Greater},
                                                                {"BRANCH_EQ", Comparison::Equal},
                                                                {"BRANCH_NEQ", Comparison::NotEqual},
                                                                {"LEAF", Comparison::Leaf}};
  const auto found = comparisons.find(name);
  if (found == comparisons.end()) throw Error("there is no node mode '" + name + "'");
  return found->second;
}

/// The integers of an attribute that must be as long as the others.
std::vector<std::int64_t> column(const KernelContext& context, const std::string& name, std::size_t length) {
  auto values = context.integers(name);
  check_length(name, values.size(), length);
  return values;
}

std::vector<std::int64_t> missing_tracks(const KernelContext& context, std::size_t length) {
  auto tracks = context.integers("nodes_missing_value_tracks_true");
  if (tracks.empty()) tracks.assign(length, 0);
  check_length("nodes_missing_value_tracks_true", tracks.size(), length);
  return tracks;
}

/// Votes stand in attributes that begin with `prefix` ("class" or "target"); their targets in `ids`.
void list_votes(const KernelContext& context, const std::string& prefix, const std::string& ids,
                const NodePositions& positions, std::int64_t targets, Listing& listing) {
  const auto weights = real_list(context, prefix + "_weights");
  const auto trees = column(context, prefix + "_treeids", weights.size());
  const auto nodes = column(context, prefix + "_nodeids", weights.size());
  const auto voted = column(context, ids, weights.size());
  listing.votes.resize(listing.nodes.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (voted[i] < 0 || voted[i] >= targets)
      throw Error("'" + ids + "' holds " + std::to_string(voted[i]) + ", and there are " +
                  std::to_string(targets));
    const std::int64_t leaf = position_of(positions, trees[i], nodes[i]);
    listing.votes[static_cast<std::size_t>(leaf)].push_back(
        {static_cast<std::int32_t>(voted[i]), weights[i]});
  }
}

Listing list_named_nodes(const KernelContext& context, const std::string& prefix, const std::string& ids,
                         std::int64_t targets) {
  const auto trees = context.integers("nodes_treeids");
  const auto count = trees.size();
  const auto names = column(context, "nodes_nodeids", count);
  const auto features = column(context, "nodes_featureids", count);
  const auto when_true = column(context, "nodes_truenodeids", count);
  const auto when_false = column(context, "nodes_falsenodeids", count);
  const auto tracks = missing_tracks(context, count);
  const auto modes = context.attribute("nodes_modes", std::vector<std::string>{});
  check_length("nodes_modes", modes.size(), count);
  const auto thresholds = real_list(context, "nodes_values");
  check_length("nodes_values", thresholds.size(), count);

  Listing listing;
  NodePositions positions;
  positions.reserve(count);
  std::unordered_map<std::int64_t, bool> has_root;
  for (std::size_t i = 0; i < count; ++i) {
    if (!positions.emplace(NodeName{trees[i], names[i]}, static_cast<std::int64_t>(i)).second)
      throw Error("tree " + std::to_string(trees[i]) + " has node " + std::to_string(names[i]) + " twice");
    if (has_root.emplace(trees[i], true).second) listing.roots.push_back(static_cast<std::int64_t>(i));
  }
  for (std::size_t i = 0; i < count; ++i) {
    Listed& node = listing.nodes.emplace_back();
    node.comparison = comparison_named(modes[i]);
    if (node.comparison == Comparison::Leaf) continue;
    node.missing_is_true = tracks[i] != 0;
    node.feature = features[i];
    node.threshold = thresholds[i];
    node.when_true = position_of(positions, trees[i], when_true[i]);
    node.when_false = position_of(positions, trees[i], when_false[i]);
  }
  list_votes(context, prefix, ids, positions, targets, listing);
  return listing;
}

Forest read_named_forest(const KernelContext& context) {
  const bool classifies = context.node().op_type == "TreeEnsembleClassifier";
  Forest forest;
  forest.transform = post_transform_of(context);
  if (classifies) {
    forest.targets = static_cast<std::int64_t>(class_labels(context, "classlabels_int64s").size());
  } else {
    static const std::map<std::string, Aggregate> aggregates = {{"AVERAGE", Aggregate::Average},
                                                                {"SUM", Aggregate::Sum},
                                                                {"MIN", Aggregate::Minimum},
                                                                {"MAX", Aggregate::Maximum}};
    const std::string name = context.text("aggregate_function", "SUM");
    const auto found = aggregates.find(name);
    if (found == aggregates.end()) throw Error("there is no aggregate_function '" + name + "'");
    forest.aggregate = found->second;
    forest.targets = context.integer("n_targets", 1);
  }
  forest.base = real_list(context, "base_values");
  append_trees(forest, classifies ? list_named_nodes(context, "class", "class_ids", forest.targets)
                                  : list_named_nodes(context, "target", "target_ids", forest.targets));
  return forest;
}

// --- TreeEnsemble: nodes and leaves are named by their positions ---

std::vector<double> tensor_list(const KernelContext& context, const std::string& name) {
  const auto tensor = context.attribute(name, std::shared_ptr<const NamedTensor>());
  return tensor ? values_as<double>(tensor->tensor.aligned()) : std::vector<double>{};
}

/// The members of each Member node in turn, a NaN behind each node's.
std::vector<std::vector<double>> read_sets(const KernelContext& context, std::size_t count) {
  std::vector<std::vector<double>> sets;
  std::vector<double> members;
  for (const double value : tensor_list(context, "membership_values")) {
    if (!std::isnan(value)) {
      members.push_back(value);
      continue;
    }
    std::sort(members.begin(), members.end());
    sets.push_back(std::move(members));
    members.clear();
  }
  if (!members.empty() || sets.size() != count)
    throw Error("'membership_values' has " + std::to_string(sets.size()) + " sets that end in NaN, and " +
                std::to_string(count) + " nodes test membership");
  return sets;
}

/// The place in the listing of a child: nodes come first, leaves behind them.
std::int64_t child_position(std::int64_t id, bool is_leaf, std::size_t nodes, std::size_t leaves) {
  const std::size_t limit = is_leaf ? leaves : nodes;
  if (id < 0 || static_cast<std::size_t>(id) >= limit)
    throw Error("there is no " + std::string(is_leaf ? "leaf " : "node ") + std::to_string(id) +
                " in the trees");
  return is_leaf ? static_cast<std::int64_t>(nodes) + id : id;
}

Listing list_numbered_nodes(const KernelContext& context, Forest& forest) {
  const auto features = context.integers("nodes_featureids");
  const auto count = features.size();
  const auto when_true = column(context, "nodes_truenodeids", count);
  const auto when_false = column(context, "nodes_falsenodeids", count);
  const auto true_is_leaf = column(context, "nodes_trueleafs", count);
  const auto false_is_leaf = column(context, "nodes_falseleafs", count);
  const auto tracks = missing_tracks(context, count);
  const auto thresholds = tensor_list(context, "nodes_splits"), modes = tensor_list(context, "nodes_modes");
  check_length("nodes_splits", thresholds.size(), count);
  check_length("nodes_modes", modes.size(), count);
  const auto weights = tensor_list(context, "leaf_weights");
  const auto targets = column(context, "leaf_targetids", weights.size());

  Listing listing;
  std::int32_t sets = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!(modes[i] >= 0 && modes[i] <= 6))
      throw Error("'nodes_modes' holds " + std::to_string(modes[i]) + ", which is no mode from 0 to 6");
    Listed& node = listing.nodes.emplace_back();
    node.comparison = static_cast<Comparison>(modes[i]);
    node.missing_is_true = tracks[i] != 0;
    node.feature = features[i];
    node.threshold = thresholds[i];
    node.when_true = child_position(when_true[i], true_is_leaf[i] != 0, count, weights.size());
    node.when_false = child_position(when_false[i], false_is_leaf[i] != 0, count, weights.size());
    if (node.comparison == Comparison::Member) node.set = sets++;
  }
  forest.sets = read_sets(context, static_cast<std::size_t>(sets));
  listing.nodes.resize(count + weights.size());
  listing.votes.resize(listing.nodes.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (targets[i] < 0 || targets[i] >= forest.targets)
      throw Error("'leaf_targetids' holds " + std::to_string(targets[i]) + ", and there are " +
                  std::to_string(forest.targets));
    listing.votes[count + i] = {{static_cast<std::int32_t>(targets[i]), weights[i]}};
  }
  for (const std::int64_t root : context.integers("tree_roots"))
    listing.roots.push_back(child_position(root, false, count, 0));
  return listing;
}

Forest read_numbered_forest(const KernelContext& context) {
  Forest forest;
  const std::int64_t transform = context.integer("post_transform", 0);
  if (transform < 0 || transform > 4)
    throw Error("post_transform is " + std::to_string(transform) + ", and not from 0 to 4");
  forest.transform = static_cast<PostTransform>(transform);
  const std::int64_t aggregate = context.integer("aggregate_function", 1);
  if (aggregate < 0 || aggregate > 3)
    throw Error("aggregate_function is " + std::to_string(aggregate) + ", and not from 0 to 3");
  forest.aggregate = static_cast<Aggregate>(aggregate);
  forest.targets = context.integer("n_targets", 1);
  append_trees(forest, list_numbered_nodes(context, forest));
  return forest;
}

}  // namespace

Forest read_forest(const KernelContext& context) {
  Forest forest =
      context.node().op_type == "TreeEnsemble" ? read_numbered_forest(context) : read_named_forest(context);
  constexpr std::int64_t most_targets = 1 << 24;
  if (forest.targets < 1 || forest.targets > most_targets)
    throw Error("n_targets is " + std::to_string(forest.targets));
  const bool one_for_two =
      context.node().op_type == "TreeEnsembleClassifier" && forest.targets == 2 && forest.base.size() == 1;
  if (!forest.base.empty() && !one_for_two)
    check_length("base_values", forest.base.size(), static_cast<std::size_t>(forest.targets));
  return forest;
}

ForestClasses read_forest_classes(const KernelContext& context, const Forest& forest) {
  ForestClasses classes;
  classes.labels = class_labels(context, "classlabels_int64s");
  const auto ids = context.integers("class_ids");
  if (forest.targets == 2 && !ids.empty() &&
      std::all_of(ids.begin(), ids.end(), [&](std::int64_t id) { return id == ids[0]; }))
    classes.only_voted = static_cast<int>(ids[0]);
  classes.weights_are_shares = std::all_of(forest.votes.begin(), forest.votes.end(),
                                           [](const Vote& vote) { return vote.weight >= 0; });
  return classes;
}

bool goes_true(const Forest& forest, const ForestNode& node, double x) {
  if (std::isnan(x) && node.missing_is_true) return true;
  switch (node.comparison) {
    case Comparison::LessOrEqual:
      return x <= node.threshold;
    case Comparison::Less:
      return x < node.threshold;
    case Comparison::GreaterOrEqual:
      return x >= node.threshold;
    case Comparison::Greater:
      return x > node.threshold;
    case Comparison::Equal:
      return x == node.threshold;
    case Comparison::NotEqual:  // NaN is unequal to all, as the standard's reference has it
      return x != node.threshold;
    case Comparison::Member: {
      const auto& set = forest.sets[static_cast<std::size_t>(node.set)];
      return std::binary_search(set.begin(), set.end(), x) && !std::isnan(x);
    }
    case Comparison::Leaf:
      break;
  }
  return false;
}

void begin_scores(const Forest& forest, std::span<double> scores) {
  const bool sums = forest.aggregate == Aggregate::Sum || forest.aggregate == Aggregate::Average;
  // NaN says that nobody has voted: it is neither below nor above anything.
  std::fill(scores.begin(), scores.end(), sums ? 0 : std::numeric_limits<double>::quiet_NaN());
}

void add_vote(Aggregate aggregate, double& score, double weight) {
  if (aggregate == Aggregate::Minimum) {
    if (!(score <= weight)) score = weight;
  } else if (aggregate == Aggregate::Maximum) {
    if (!(score >= weight)) score = weight;
  } else {
    score += weight;
  }
}

namespace {

void finish_sums(const Forest& forest, std::span<double> scores) {
  for (double& score : scores) {
    if (forest.aggregate == Aggregate::Average && !forest.trees.empty())
      score /= static_cast<double>(forest.trees.size());
    const bool can_be_empty =
        forest.aggregate == Aggregate::Minimum || forest.aggregate == Aggregate::Maximum;
    if (can_be_empty && std::isnan(score)) score = 0;
  }
}

}  // namespace

void finish_scores(const Forest& forest, std::span<double> scores) {
  finish_sums(forest, scores);
  for (std::size_t i = 0; i < forest.base.size(); ++i) scores[i] += forest.base[i];
  transform_scores(forest.transform, scores);
}

std::size_t finish_classes(const Forest& forest, const ForestClasses& classes, std::span<double> scores) {
  if (classes.only_voted >= 0) {
    // Two classes and votes for one: they are that one's margin, or its share of the votes. By convention it
    // is the second label's, whichever number the votes have.
    double score = scores[static_cast<std::size_t>(classes.only_voted)];
    if (!forest.base.empty()) score += forest.base.back();
    const bool are_shares = classes.weights_are_shares && (forest.transform == PostTransform::None ||
                                                           forest.transform == PostTransform::Probit);
    scores[1] = score;
    complete_pair(forest.transform, classes.weights_are_shares, scores);
    return score > (are_shares ? 0.5 : 0) ? 1 : 0;
  }
  if (forest.base.size() == scores.size())
    for (std::size_t i = 0; i < scores.size(); ++i) scores[i] += forest.base[i];
  else if (!forest.base.empty())
    scores[0] += forest.base[0];
  const std::size_t label = scores.size() == 1 ? (scores[0] > 0 ? 1 : 0) : greatest(scores);
  transform_scores(forest.transform, scores);
  return label;
}

}  // namespace lapidary
