#include "engine/compare/shrink.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "engine/analysis/wiring.h"
#include "engine/model/edit.h"
#include "engine/model/error.h"
#include "engine/model/names.h"
#include "engine/model/nodes.h"

namespace lapidary {
namespace {

std::size_t nodes_in(const Model& model) {
  const auto& nodes = model.graph->nodes;
  return static_cast<std::size_t>(std::count_if(
      nodes.begin(), nodes.end(), [](const auto& node) { return !is_standard(*node, "Constant"); }));
}

/// The first `size` elements along `axis`.
Tensor cropped(const Tensor& tensor, std::size_t axis, std::int64_t size) {
  Dims dims = tensor.dims();
  std::size_t inner = static_cast<std::size_t>(bits_of(tensor.type()) / 8), outer = 1;
  for (std::size_t i = 0; i < dims.size(); ++i)
    (i < axis ? outer : inner) *= i == axis ? 1 : static_cast<std::size_t>(dims[i]);
  const std::size_t before = inner * static_cast<std::size_t>(dims[axis]),
                    after = inner * static_cast<std::size_t>(size);
  dims[axis] = size;
  Tensor result(tensor.type(), dims);
  for (std::size_t i = 0; i < outer; ++i)
    std::memcpy(result.mutable_bytes() + i * after, tensor.bytes().data() + i * before, after);
  return result;
}

bool can_be_cropped(const Datum& value, std::size_t axis) {
  return value.is_tensor() && !value.tensor().is_string() && bits_of(value.tensor().type()) >= 8 &&
         axis < value.tensor().dims().size() && value.tensor().dims()[axis] > 1;
}

/// The model with these values as weights, whether it had them as inputs or made them.
ModelPointer with_weights(const Model& model, const Values& values) {
  if (values.empty()) return std::make_shared<const Model>(model);
  Graph graph = *model.graph;
  std::erase_if(graph.inputs, [&](const Value& input) { return values.contains(input.name); });
  auto weights = graph.initializers.to_vector();
  for (const auto& [name, value] : values) {
    NamedTensor weight;
    weight.name = name;
    weight.tensor = value.tensor();
    weights.push_back(std::make_shared<const NamedTensor>(std::move(weight)));
  }
  graph.initializers = PersistentVector<std::shared_ptr<const NamedTensor>>(std::move(weights));
  return with_graph(model, std::move(graph));
}

/// The run's model with what its nodes make of weights alone made weights.
ModelPointer folded(const ComparedRun& run) {
  const Wiring wiring = wiring_of(*run.model->graph);
  const SectionedGraph graph(run.model, {});
  std::vector<std::shared_ptr<const Node>> nodes;
  std::vector<std::string> made;
  for (std::size_t i = 0; i < wiring.constant.size(); ++i) {
    if (!wiring.constant[i] || is_standard(graph.node(static_cast<int>(i)), "Constant")) {
      nodes.push_back(run.model->graph->nodes[i]);
      continue;
    }
    for (const auto& output : graph.node(static_cast<int>(i)).outputs)
      if (!output.empty()) made.push_back(output);
  }
  if (made.empty() || run.is_recorded()) return run.model;
  try {
    const Section constants = graph.section(made, [](const auto&) { return false; });
    const ModelPointer model = with_weights(*run.model, run.runner.run(graph, constants, {}));
    Graph changed = *model->graph;
    changed.nodes = PersistentVector<std::shared_ptr<const Node>>(std::move(nodes));
    return with_graph(*model, std::move(changed));
  } catch (const Error&) {
    return run.model;
  }
}

/// A part of a comparison, while it is cut down.
class Shrinking {
 public:
  Shrinking(ComparedRun a, ComparedRun b, const ComparisonOptions& options)
      : a_(std::move(a)), b_(std::move(b)), options_(options) {
    options_.progress = {};
    options_.memory_bytes = 0;
  }

  std::optional<ShrunkDivergence> shrink(Values inputs) {
    auto divergence = part(a_.model, b_.model, inputs);
    if (!divergence) return std::nullopt;
    fold_constants(inputs, *divergence);
    if (!a_.is_recorded() && !b_.is_recorded())
      while (halve_an_axis(inputs, *divergence) || freeze_an_input(inputs, *divergence)) {
      }
    ShrunkDivergence shrunk{with_sizes(a_, inputs), with_sizes(b_, inputs), inputs, std::move(*divergence),
                            0};
    shrunk.node_count = node_count();
    return shrunk;
  }

 private:
  /// The run with the sizes of these inputs declared.
  static ComparedRun with_sizes(ComparedRun run, const Values& inputs) {
    run.model = sized(*run.model, inputs);
    return run;
  }
  static ModelPointer sized(const Model& model, const Values& inputs) {
    Graph graph = *model.graph;
    for (Value& input : graph.inputs)
      if (const auto value = inputs.find(input.name); value != inputs.end() && value->second.is_tensor())
        input.type = value->second.tensor().full_type();
    return with_graph(model, std::move(graph));
  }

  /// Where the two part on these inputs, if they do.
  std::optional<Divergence> part(const ModelPointer& a, const ModelPointer& b, const Values& inputs) const {
    ComparedRun one = a_, other = b_;
    one.model = sized(*a, inputs);
    other.model = a == b ? one.model : sized(*b, inputs);
    try {
      auto found = compare_runs(one, other, inputs, options_);
      return found.first_divergence && found.first_divergence->is_local ? found.first_divergence
                                                                        : std::nullopt;
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  /// What is computed from weights alone becomes a weight.
  void fold_constants(const Values& inputs, Divergence& divergence) {
    const ModelPointer a = folded(a_), b = a_.model == b_.model ? a : folded(b_);
    auto still = part(a, b, inputs);
    if (!still) return;
    a_.model = a;
    b_.model = b;
    divergence = std::move(*still);
  }

  std::size_t node_count() const { return std::max(nodes_in(*a_.model), nodes_in(*b_.model)); }

  /// Makes a weight of one of several inputs, where that leaves fewer nodes.
  bool freeze_an_input(Values& inputs, Divergence& divergence) {
    if (inputs.size() < 2) return false;
    for (const auto& [name, value] : inputs) {
      if (!value.is_tensor()) continue;
      ComparedRun a = a_, b = b_;
      a.model = with_weights(*sized(*a_.model, inputs), {{name, value}});
      b.model = a_.model == b_.model ? a.model : with_weights(*sized(*b_.model, inputs), {{name, value}});
      a.model = folded(a);
      b.model = a_.model == b_.model ? a.model : folded(b);
      if (std::max(nodes_in(*a.model), nodes_in(*b.model)) >= node_count()) continue;
      Values others = inputs;
      others.erase(name);
      auto still = part(a.model, b.model, others);
      if (!still) continue;
      a_ = std::move(a);
      b_ = std::move(b);
      inputs = std::move(others);
      divergence = std::move(*still);
      return true;
    }
    return false;
  }

  /// Halves one axis, in all inputs that have that size there, so that element-wise operators still fit.
  bool halve_an_axis(Values& inputs, Divergence& divergence) const {
    std::set<std::pair<std::int64_t, std::size_t>> sizes;
    for (const auto& [name, value] : inputs)
      for (std::size_t axis = 0; value.is_tensor() && axis < value.tensor().dims().size(); ++axis)
        if (can_be_cropped(value, axis)) sizes.emplace(-value.tensor().dims()[axis], axis);
    for (const auto& [negative, axis] : sizes) {  // the largest first
      Values smaller = inputs;
      for (auto& [name, value] : smaller)
        if (can_be_cropped(value, axis) && value.tensor().dims()[axis] == -negative)
          value = cropped(value.tensor(), axis, (-negative + 1) / 2);
      if (auto still = part(a_.model, b_.model, smaller)) {
        inputs = std::move(smaller);
        divergence = std::move(*still);
        return true;
      }
    }
    return false;
  }

  ComparedRun a_, b_;
  ComparisonOptions options_;
};

/// The model with its values called as those of the first side.
ModelPointer renamed(const ModelPointer& model, const std::vector<TensorPair>& pairs) {
  Renames renames;
  for (const auto& pair : pairs)
    if (pair.a != pair.b) renames[pair.b] = pair.a;
  if (renames.empty()) return model;
  Graph graph = *model->graph;
  rename_values(graph, renames);
  return with_graph(*model, std::move(graph));
}

}  // namespace

std::optional<ShrunkDivergence> shrink(const ComparedRun& a, const ComparedRun& b, const Values& inputs,
                                       const RunComparison& found, const ComparisonOptions& options) {
  if (!found.first_divergence || !found.first_divergence->is_local || a.is_recorded()) return std::nullopt;
  const TensorGroup& group = found.groups[static_cast<std::size_t>(found.first_divergence->group)];
  const Values& given = found.first_divergence->inputs;
  std::vector<TensorPair> pairs = found.alignment.inputs, used;
  pairs.insert(pairs.end(), found.alignment.tensors.begin(), found.alignment.tensors.end());
  const SectionedGraph graph_a(a.model, names_of(inputs)), graph_b(b.model, names_of(inputs));
  const Wiring wiring = wiring_of(*graph_a.model().graph);
  Values given_b, varying, constant;
  for (const auto& pair : pairs) {
    const auto value = given.find(pair.a);
    const bool is_output = std::any_of(group.pairs.begin(), group.pairs.end(),
                                       [&](const TensorPair& output) { return output.a == pair.a; });
    if (value == given.end() && !is_output) continue;
    if (!pair.permutation.empty()) return std::nullopt;
    used.push_back(pair);
    if (value == given.end()) continue;
    given_b[pair.b] = value->second;
    const int maker = graph_a.index().producer(pair.a).node;
    const bool is_constant =
        maker >= 0 && wiring.constant[static_cast<std::size_t>(maker)] && value->second.is_tensor();
    (is_constant ? constant : varying)[pair.a] = value->second;
  }
  ComparedRun part_a = a, part_b = b;
  try {
    part_a.model = with_weights(*graph_a.model_of(group.a, given), constant);
    part_b.model = a.model == b.model
                       ? part_a.model
                       : with_weights(*renamed(graph_b.model_of(group.b, given_b), used), constant);
  } catch (const Error&) {
    return std::nullopt;
  }
  if (b.is_recorded()) part_b.recorded = found.first_divergence->outputs;
  return Shrinking(std::move(part_a), std::move(part_b), options).shrink(varying);
}

}  // namespace lapidary
