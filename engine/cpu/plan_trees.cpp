// Decision trees: nodes packed small, and several walks at once so that none waits for memory alone.

#include <cmath>
#include <cstring>

#include "engine/cpu/kernels.h"
#include "engine/cpu/parallel.h"
#include "engine/cpu/session.h"
#include "engine/ops/ml/forest.h"

namespace lapidary::cpu {
namespace {

/// A leaf's threshold is NaN: every comparison with it is false, so that a walk stays there.
template <class T>
struct PackedNode {
  T threshold;
  std::uint32_t feature;  ///< with missing_bit
  std::uint32_t child;    ///< for "false"; the one for "true" stands behind it; of a leaf, the leaf itself
};
constexpr std::uint32_t missing_bit = 0x8000'0000;

/// A forest in the type in which it compares.
template <class T>
struct PackedForest {
  Forest forest;
  std::vector<PackedNode<T>> nodes;
  std::vector<double> weights;  ///< by node, where every leaf has one vote for the one target; else empty
  Comparison comparison;        ///< of all nodes, or Leaf if there are several
  bool has_missing_true = false;

  explicit PackedForest(Forest read) : forest(std::move(read)), comparison(Comparison::Leaf) {
    bool is_mixed = false, is_simple = forest.targets == 1;
    for (const ForestNode& node : forest.nodes) {
      const bool tracks = node.missing_is_true;
      nodes.push_back({static_cast<T>(node.threshold),
                       static_cast<std::uint32_t>(node.feature) | (tracks ? missing_bit : 0),
                       static_cast<std::uint32_t>(node.child)});
      has_missing_true = has_missing_true || tracks;
      if (node.comparison == Comparison::Leaf) {
        is_simple = is_simple && node.last_vote == node.first_vote + 1;
        continue;
      }
      is_mixed = is_mixed || (comparison != Comparison::Leaf && comparison != node.comparison);
      comparison = node.comparison;
    }
    if (is_mixed || comparison == Comparison::Member || comparison == Comparison::NotEqual)
      comparison = Comparison::Leaf;
    if (!is_simple) return;
    for (const ForestNode& node : forest.nodes)
      weights.push_back(node.comparison == Comparison::Leaf
                            ? forest.votes[static_cast<std::size_t>(node.first_vote)].weight
                            : 0);
  }
};

template <Comparison comparison, class T>
bool compares(T x, T threshold) {
  if constexpr (comparison == Comparison::LessOrEqual) return x <= threshold;
  if constexpr (comparison == Comparison::Less) return x < threshold;
  if constexpr (comparison == Comparison::GreaterOrEqual) return x >= threshold;
  if constexpr (comparison == Comparison::Greater) return x > threshold;
  return x == threshold;
}

/// Where one step leads. Comparison::Leaf stands for any.
template <Comparison comparison, bool tracks_missing, class T>
std::uint32_t next_node(const PackedForest<T>& trees, std::uint32_t at, const T* row) {
  const PackedNode<T>& node = trees.nodes[at];
  const T x = row[tracks_missing ? node.feature & ~missing_bit : node.feature];
  bool is_true = false;
  if constexpr (comparison == Comparison::Leaf)
    is_true = goes_true(trees.forest, trees.forest.nodes[at], static_cast<double>(x));
  else
    is_true = compares<comparison>(x, node.threshold);
  if constexpr (tracks_missing && comparison != Comparison::Leaf)
    is_true |= (x != x) & ((node.feature & missing_bit) != 0);
  return node.child + is_true;
}

constexpr int lanes = 8;

/// Walks down from `at` with a row for each lane, to the leaves, which are `depth` nodes below at most.
template <Comparison comparison, bool tracks_missing, class T>
void walk(const PackedForest<T>& trees, std::int32_t depth, const T* const (&rows)[lanes],
          std::uint32_t (&at)[lanes]) {
  constexpr int levels = 4;  // between looks at whether all have arrived
  for (; depth > 0; depth -= levels) {
    std::uint32_t moved = 0;
    for (int level = std::min(depth, levels); level > 0; --level) {
      moved = 0;
      for (int lane = 0; lane < lanes; ++lane) {
        const std::uint32_t next = next_node<comparison, tracks_missing>(trees, at[lane], rows[lane]);
        moved |= next ^ at[lane];
        at[lane] = next;
      }
    }
    if (moved == 0) return;
  }
}

template <class T>
using Walk = void (*)(const PackedForest<T>&, std::int32_t, const T* const (&)[lanes],
                      std::uint32_t (&)[lanes]);

template <class T, bool tracks_missing>
Walk<T> walk_for(Comparison comparison) {
  switch (comparison) {
    case Comparison::LessOrEqual:
      return walk<Comparison::LessOrEqual, tracks_missing, T>;
    case Comparison::Less:
      return walk<Comparison::Less, tracks_missing, T>;
    case Comparison::GreaterOrEqual:
      return walk<Comparison::GreaterOrEqual, tracks_missing, T>;
    case Comparison::Greater:
      return walk<Comparison::Greater, tracks_missing, T>;
    case Comparison::Equal:
      return walk<Comparison::Equal, tracks_missing, T>;
    default:
      return walk<Comparison::Leaf, true, T>;
  }
}

/// Adds the votes of a leaf to a row's scores.
template <class T>
void vote(const PackedForest<T>& trees, std::uint32_t leaf, double* row) {
  const Forest& forest = trees.forest;
  if (!trees.weights.empty()) return add_vote(forest.aggregate, *row, trees.weights[leaf]);
  const ForestNode& node = forest.nodes[leaf];
  for (std::int32_t i = node.first_vote; i < node.last_vote; ++i) {
    const Vote& given = forest.votes[static_cast<std::size_t>(i)];
    add_vote(forest.aggregate, row[given.target], given.weight);
  }
}

/// All votes for one row, which walks down several trees at a time.
template <class T>
void score_row(const PackedForest<T>& trees, Walk<T> walk_down, const T* row, double* scores) {
  const T* lane_rows[lanes];
  std::fill(std::begin(lane_rows), std::end(lane_rows), row);
  const auto& all = trees.forest.trees;
  std::uint32_t at[lanes];
  for (std::size_t first = 0; first < all.size(); first += lanes) {
    std::int32_t depth = 0;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const Tree& tree = all[std::min(first + lane, all.size() - 1)];
      at[lane] = static_cast<std::uint32_t>(tree.root);
      depth = std::max(depth, tree.depth);
    }
    walk_down(trees, depth, lane_rows, at);
    for (std::size_t lane = 0; lane < std::min<std::size_t>(lanes, all.size() - first); ++lane)
      vote(trees, at[lane], scores);
  }
}

/// All votes for a block of rows, several of which walk down a tree at a time. Trees are taken one after the
/// other, so that a tree is in the cache while the block walks it.
template <class T>
void score_block(const PackedForest<T>& trees, Walk<T> walk_down, const T* rows, std::int64_t count,
                 std::int64_t columns, double* scores) {
  std::uint32_t at[lanes];
  for (const Tree& tree : trees.forest.trees)
    for (std::int64_t row = 0; row < count; row += lanes) {
      const T* lane_rows[lanes];
      for (std::int64_t lane = 0; lane < lanes; ++lane)
        lane_rows[lane] = rows + std::min(row + lane, count - 1) * columns;
      std::fill(std::begin(at), std::end(at), static_cast<std::uint32_t>(tree.root));
      walk_down(trees, tree.depth, lane_rows, at);
      for (std::int64_t lane = 0; lane < std::min<std::int64_t>(lanes, count - row); ++lane)
        vote(trees, at[lane], scores + (row + lane) * trees.forest.targets);
    }
}

/// All votes for rows of `columns` features; each row's come in the order of the trees.
template <class T>
void score_rows(const PackedForest<T>& trees, const T* rows, std::int64_t count, std::int64_t columns,
                double* scores) {
  constexpr std::int64_t block = 512;
  const Walk<T> walk_down =
      trees.has_missing_true ? walk_for<T, true>(trees.comparison) : walk_for<T, false>(trees.comparison);
  const std::int64_t targets = trees.forest.targets;
  begin_scores(trees.forest, {scores, static_cast<std::size_t>(count * targets)});
  if (count < lanes) {
    for (std::int64_t row = 0; row < count; ++row)
      score_row(trees, walk_down, rows + row * columns, scores + row * targets);
    return;
  }
  for (std::int64_t first = 0; first < count; first += block)
    score_block(trees, walk_down, rows + first * columns, std::min(block, count - first), columns,
                scores + first * targets);
}

/// The rows in the type in which the trees compare; a copy in `kept` if they have another.
template <class T>
const T* rows_as(const std::byte* bytes, DataType element, std::int64_t count, std::vector<T>& kept) {
  if (element == data_type_of<T>) return reinterpret_cast<const T*>(bytes);
  kept.resize(static_cast<std::size_t>(count));
  dispatch(TypeList<float, double, std::int64_t, std::int32_t>{}, element, [&]<class From>() {
    const From* from = reinterpret_cast<const From*>(bytes);
    std::transform(from, from + count, kept.begin(), [](From x) { return static_cast<T>(x); });
  });
  return kept.data();
}

/// What a step needs, whatever type the trees compare in.
struct TreeStep {
  ForestClasses classes;  ///< of a classifier
  bool classifies = false;
  std::int64_t rows = 0, columns = 0;
  DataType input_type = DataType::Float32, score_type = DataType::Float32;
  BufferId input = -1, labels = -1, scores = -1;
  ValueId text_labels = -1;
  int threads = 1;
};

/// Makes final scores of the votes of rows [first, last), and notes labels by their positions.
void finish_rows(const TreeStep& step, const Forest& forest, std::int64_t first, std::int64_t last,
                 double* scores, std::vector<std::size_t>& labels, std::byte* written) {
  const std::int64_t targets = forest.targets;
  for (std::int64_t row = first; row < last; ++row) {
    const std::span<double> mine(scores + (row - first) * targets, static_cast<std::size_t>(targets));
    if (step.classifies)
      labels[static_cast<std::size_t>(row)] = finish_classes(forest, step.classes, mine);
    else
      finish_scores(forest, mine);
  }
  if (!written) return;
  const auto store = [&]<class T>(T* to) {
    std::transform(scores, scores + (last - first) * targets, to + first * targets,
                   [](double score) { return static_cast<T>(score); });
  };
  if (step.score_type == DataType::Float64)
    store(reinterpret_cast<double*>(written));
  else
    store(reinterpret_cast<float*>(written));
}

void write_label_positions(const TreeStep& step, Session& session,
                           const std::vector<std::size_t>& positions) {
  if (step.labels < 0 && step.text_labels < 0) return;
  Tensor labels = label_tensor(step.classes.labels, positions);
  if (step.text_labels >= 0)
    session.data[step.text_labels] = std::move(labels);
  else if (labels.size_bytes() > 0)
    std::memcpy(session.write<std::byte>(step.labels), labels.bytes().data(), labels.size_bytes());
}

template <class T>
void run_trees(const TreeStep& step, const PackedForest<T>& trees, Session& session) {
  std::vector<T> kept;
  const T* rows =
      rows_as(session.read<std::byte>(step.input), step.input_type, step.rows * step.columns, kept);
  std::byte* written = step.scores < 0 ? nullptr : session.write<std::byte>(step.scores);
  std::vector<std::size_t> labels(step.classifies ? static_cast<std::size_t>(step.rows) : 0);
  const std::int64_t targets = trees.forest.targets;
  std::vector<double> scores(static_cast<std::size_t>(step.rows * targets));
  constexpr double tree_ns = 15;
  const double work =
      tree_ns * static_cast<double>(step.rows) * static_cast<double>(trees.forest.trees.size());
  parallel_for(step.rows, work, step.threads, [&](std::int64_t first, std::int64_t last) {
    double* const mine = scores.data() + first * targets;
    score_rows(trees, rows + first * step.columns, last - first, step.columns, mine);
    finish_rows(step, trees.forest, first, last, mine, labels, written);
  });
  write_label_positions(step, session, labels);
}

template <class T>
void add_tree_step(Planner& planner, const LoweredNode& node, TreeStep step, Forest forest) {
  std::vector<BufferId> writes;
  for (const BufferId buffer : {step.labels, step.scores})
    if (buffer >= 0) writes.push_back(buffer);
  const auto trees = std::make_shared<const PackedForest<T>>(std::move(forest));
  planner.add_step(node, "packed trees", {step.input}, std::move(writes),
                   [step = std::move(step), trees](Session& session) { run_trees(step, *trees, session); });
}

/// True if comparing in float32 gives what comparing in float64 would.
bool compares_in_single(const Forest& forest, DataType input) {
  if (input != DataType::Float32) return false;
  return std::all_of(forest.nodes.begin(), forest.nodes.end(), [](const ForestNode& node) {
    return std::isnan(node.threshold) ||
           static_cast<double>(static_cast<float>(node.threshold)) == node.threshold;
  });
}

}  // namespace

std::string plan_trees(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (!graph.has_input(node, 0) || !graph.input(node, 0).is_static)
    return "sizes are known only while it runs";
  const LoweredValue& input = graph.input(node, 0);
  if (input.dims.size() != 2 || bits_of(input.element) < 32) return "not rows of 32 or 64-bit numbers";
  const KernelContext attributes(*node.node, node.record->since_version, {});
  Forest forest;
  TreeStep step;
  try {
    forest = read_forest(attributes);
    step.classifies = node.node->op_type == "TreeEnsembleClassifier";
    if (step.classifies) step.classes = read_forest_classes(attributes, forest);
  } catch (const Error& error) {
    return error.message();  // the reference kernel refuses it where it runs
  }
  step.rows = input.dims[0];
  step.columns = input.dims[1];
  if (step.rows == 0 || step.columns < forest.features) return "not as many features as the trees read";
  step.input_type = input.element;
  step.threads = planner.services.threads;
  step.input = planner.plain(node.inputs[0]);
  const std::size_t scores = step.classifies ? 1 : 0;
  if (step.classifies && node.outputs[0] >= 0) {
    if (step.classes.labels.are_strings())
      step.text_labels = node.outputs[0];
    else
      step.labels = planner.define(node.outputs[0]);
  }
  if (scores < node.outputs.size() && node.outputs[scores] >= 0) {
    step.score_type = graph.values[node.outputs[scores]].element;
    step.scores = planner.define(node.outputs[scores]);
  }
  if (compares_in_single(forest, input.element))
    add_tree_step<float>(planner, node, std::move(step), std::move(forest));
  else
    add_tree_step<double>(planner, node, std::move(step), std::move(forest));
  return "";
}

}  // namespace lapidary::cpu
