#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/ops/ml/scores.h"

/// Decision trees as TreeEnsemble and its older forms describe them, read and checked once.
namespace lapidary {

/// With the numbers of TreeEnsemble-5; Leaf stands behind them.
enum class Comparison : std::uint8_t {
  LessOrEqual = 0,
  Less = 1,
  GreaterOrEqual = 2,
  Greater = 3,
  Equal = 4,
  NotEqual = 5,
  Member = 6,
  Leaf = 7,
};

struct ForestNode {
  double threshold = 0;
  std::int32_t feature = 0;
  /// The child for "false"; the one for "true" stands behind it. Of a leaf, the leaf itself.
  std::int32_t child = 0;
  std::int32_t first_vote = 0, last_vote = 0;  ///< of a leaf: its part of Forest::votes
  std::int32_t set = -1;                       ///< of a Member: which of Forest::sets
  Comparison comparison = Comparison::Leaf;
  bool missing_is_true = false;  ///< where NaN goes
};

/// What a leaf says of a target or class.
struct Vote {
  std::int32_t target;
  double weight;
};

struct Tree {
  std::int32_t root;
  std::int32_t depth;  ///< comparisons from the root to the deepest leaf
};

enum class Aggregate { Average = 0, Sum = 1, Minimum = 2, Maximum = 3 };

/// Every tree breadth first, siblings side by side, all in one array.
struct Forest {
  std::vector<ForestNode> nodes;
  std::vector<Tree> trees;
  std::vector<Vote> votes;
  std::vector<std::vector<double>> sets;  ///< sorted
  std::vector<double> base;               ///< empty, or one for each target
  std::int64_t features = 0;              ///< how many columns the comparisons reach
  std::int64_t targets = 0;
  Aggregate aggregate = Aggregate::Sum;
  PostTransform transform = PostTransform::None;
};

/// What a classifier has besides.
struct ForestClasses {
  ClassLabels labels;
  int only_voted = -1;  ///< of two classes, the one that gets all votes; -1 if both do
  bool weights_are_shares = false;
};

/// The trees of a TreeEnsemble, TreeEnsembleRegressor or TreeEnsembleClassifier node. Throws Error for
/// attributes that contradict each other, children that do not exist, and cycles.
Forest read_forest(const KernelContext& context);
ForestClasses read_forest_classes(const KernelContext& context, const Forest& forest);

/// Whether `x` goes to the child for "true".
bool goes_true(const Forest& forest, const ForestNode& node, double x);
/// Scores before any vote.
void begin_scores(const Forest& forest, std::span<double> scores);
void add_vote(Aggregate aggregate, double& score, double weight);
/// Average, base values and the transform, in place.
void finish_scores(const Forest& forest, std::span<double> scores);
/// Scores of all classes in place; returns the position of the label.
std::size_t finish_classes(const Forest& forest, const ForestClasses& classes, std::span<double> scores);

}  // namespace lapidary
