#include "engine/trace/map_to_model.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/analysis/inferred_types.h"
#include "engine/analysis/model_cost.h"
#include "engine/analysis/wiring.h"
#include "engine/trace/match_by_order.h"
#include "engine/trace/nested_spans.h"
#include "engine/trace/node_names.h"

namespace lapidary {
namespace {

class ModelMapper {
 public:
  ModelMapper(Trace& trace, const Model& model)
      : trace_(trace), model_(model), names_(model), wiring_(wiring_of(*model.graph)) {
    claimed_.resize(model.graph->nodes.size());
    for (std::size_t node = 0; node < claimed_.size(); ++node)
      labels_.push_back(node_of(static_cast<int>(node)).label());
  }

  TraceMapping map() {
    const std::size_t steps = trace_.steps.size();
    for (std::size_t step = 0; step < steps; ++step) map_by_name(step);
    for (std::size_t step = 0; step < steps; ++step) extend_backward(step);
    const InferredTypes types = infer_types(model_, {{}, input_types(), true, false, {}});
    for (std::size_t step = 0; step < steps; ++step) extend_forward(step, types);
    map_by_order(trace_, model_, types, claimed_);
    for (std::size_t step = 0; step < trace_.steps.size(); ++step) count_arithmetic(step, types);
    map_layout_changes();
    for (Step& step : trace_.steps) name_nodes(step);
    return counts();
  }

 private:
  const Node& node_of(int position) const { return *model_.graph->nodes[static_cast<std::size_t>(position)]; }
  bool is_claimed(int node) const { return claimed_[static_cast<std::size_t>(node)]; }
  StepOrigin& origin(std::size_t step) { return trace_.origins[step]; }

  /// Names that a trace of our own lists, else the step's own.
  void map_by_name(std::size_t index) {
    Step& step = trace_.steps[index];
    if (!trace_.is_operator(static_cast<int>(index))) return;
    auto wanted = step.node_names;
    if (wanted.empty()) wanted.push_back(step.name);
    for (const auto& name : wanted) {
      const NodeNames::Found found = names_.find(name);
      if (found.node < 0) continue;
      step.nodes.push_back(found.node);
      origin(index).mapped_by = found.how;
      if (!found.how.starts_with("inside")) claimed_[static_cast<std::size_t>(found.node)] = true;
    }
  }

  bool runs(const std::string& op_type, int node) const {
    const auto wanted = operator_names(op_type), has = operator_names(node_of(node).op_type);
    return std::find(wanted.begin(), wanted.end(), has.front()) != wanted.end();
  }

  /// True if the step is another operator than the one node that its name led to: something is fused.
  bool is_other_operator(std::size_t index) {
    const Step& step = trace_.steps[index];
    return trace_.is_operator(static_cast<int>(index)) && step.nodes.size() == 1 && step.node_names.empty() &&
           !origin(index).mapped_by.starts_with("inside") && step.op_type != step.name &&
           !runs(step.op_type, step.nodes.front());
  }

  /// Conv back from the Relu whose tensor the step makes; where no such operator stands before it, all nodes
  /// that work for this one alone (a normalization written as nine nodes).
  void extend_backward(std::size_t index) {
    if (!is_other_operator(index)) return;
    Step& step = trace_.steps[index];
    auto fused = path_back(step.nodes.front(), step.op_type);
    if (fused.empty()) fused = region_back(step.nodes.front());
    if (fused.size() < 2) return;
    add_fused(index, fused);
  }

  void add_fused(std::size_t index, const std::vector<int>& nodes) {
    Step& step = trace_.steps[index];
    for (const int node : nodes) claimed_[static_cast<std::size_t>(node)] = true;
    std::string& how = origin(index).mapped_by;
    if (how.find(", fused") == std::string::npos) how += ", fused nodes by the graph's edges";
    step.nodes = nodes;
    std::sort(step.nodes.begin(), step.nodes.end());
    step.nodes.erase(std::unique(step.nodes.begin(), step.nodes.end()), step.nodes.end());
  }

  std::vector<int> path_back(int from, const std::string& op_type) const {
    constexpr int longest = 6;
    std::vector<std::vector<int>> paths = {{from}};
    for (int length = 1; length < longest && !paths.empty(); ++length) {
      std::vector<std::vector<int>> longer;
      for (const auto& path : paths)
        for (const int producer : wiring_.producers[static_cast<std::size_t>(path.back())]) {
          if (is_claimed(producer) || wiring_.constant[static_cast<std::size_t>(producer)]) continue;
          auto next = path;
          next.push_back(producer);
          if (runs(op_type, producer)) return next;
          longer.push_back(std::move(next));
        }
      paths = std::move(longer);
    }
    return {};
  }

  std::vector<int> region_back(int from) const {
    std::vector<int> region = {from};
    std::set<int> inside = {from};
    for (std::size_t i = 0; i < region.size(); ++i)
      for (const int producer : wiring_.producers[static_cast<std::size_t>(region[i])]) {
        const auto& readers = wiring_.consumers[static_cast<std::size_t>(producer)];
        if (inside.contains(producer) || is_claimed(producer) ||
            wiring_.constant[static_cast<std::size_t>(producer)] ||
            !std::all_of(readers.begin(), readers.end(), [&](int reader) { return inside.contains(reader); }))
          continue;
        inside.insert(producer);
        region.push_back(producer);
        i = static_cast<std::size_t>(-1);  // its readers may be inside now that were not before
        break;
      }
    return region;
  }

  /// A step that reads more than its node has what follows fused into it: the residual Add, and the
  /// activation behind it.
  void extend_forward(std::size_t index, const InferredTypes& types) {
    Step& step = trace_.steps[index];
    if (!trace_.is_operator(static_cast<int>(index)) || step.nodes.size() != 1 || !step.node_names.empty() ||
        origin(index).mapped_by.starts_with("inside"))
      return;
    int last = step.nodes.back();
    if (step.inputs.size() <= node_of(last).inputs.size() && !step.op_type.starts_with("Fused") &&
        !is_other_operator(index))
      return;
    std::vector<int> fused = step.nodes;
    for (;;) {
      const auto& readers = wiring_.consumers[static_cast<std::size_t>(last)];
      if (readers.size() != 1 || is_claimed(readers.front()) || !keeps_sizes(readers.front(), last, types))
        break;
      fused.push_back(last = readers.front());
    }
    if (fused.size() > 1) add_fused(index, fused);
  }

  /// True if the node makes one tensor of the same sizes as the one that it reads from `before`.
  bool keeps_sizes(int node, int before, const InferredTypes& types) const {
    const auto shape_of = [&](int maker) { return types.type_of(node_of(maker).outputs.front()).shape; };
    return node_of(node).outputs.size() == 1 && subgraphs_of(node_of(node)).empty() && shape_of(node) &&
           shape_of(node) == shape_of(before);
  }

  /// Sizes of graph inputs as the operators that read them show them.
  std::map<std::string, Type> input_types() const {
    std::map<std::string, Type> types;
    for (const Step& step : trace_.steps) {
      if (step.nodes.empty() || step.inputs.empty()) continue;
      const Node& node = node_of(step.nodes.front());
      for (std::size_t i = 0; i < std::min(node.inputs.size(), step.inputs.size()); ++i)
        for (const Value& input : model_.graph->inputs)
          if (input.name == node.inputs[i] && input.type.is_tensor() && input.type.shape &&
              step.inputs[i].is_tensor() && input.type.element == step.inputs[i].element &&
              input.type.shape->size() == step.inputs[i].shape->size())
            types.try_emplace(input.name, step.inputs[i]);
    }
    return types;
  }

  void count_arithmetic(std::size_t index, const InferredTypes& types) {
    Step& step = trace_.steps[index];
    if (step.flops > 0 || origin(index).mapped_by.starts_with("inside")) return;
    std::int64_t bytes = 0;
    for (const int node : step.nodes) {
      const NodeCost cost = cost_of_node(model_, nullptr, node_of(node), types);
      step.flops += cost.arithmetic ? cost.arithmetic->flops : 0;
      step.macs += cost.arithmetic ? cost.arithmetic->macs : 0;
      bytes += cost.bytes_read.value_or(0) + cost.bytes_written.value_or(0);
    }
    // What the trace shows may lack inputs that were packed beforehand, or all.
    if (step.nodes.size() == 1 || step.inputs.empty()) step.bytes = std::max(step.bytes, bytes);
  }

  /// What the model has no operator for converts a neighbour's tensor: of the step before, if that makes the
  /// sizes that this one reads, else of the one behind.
  void map_layout_changes() {
    std::vector<const Span*> operators;
    for (const Span& span : trace_.spans)
      if (span.run >= 0 && trace_.is_operator(span.step)) operators.push_back(&span);
    for (std::size_t i = 0; i < operators.size(); ++i) {
      const auto index = static_cast<std::size_t>(operators[i]->step);
      Step& step = trace_.steps[index];
      if (!step.nodes.empty() || step.inputs.empty() || step.outputs.empty()) continue;
      const auto take = [&](std::size_t other, bool before) {
        const Step& neighbour = trace_.steps[static_cast<std::size_t>(operators[other]->step)];
        const auto& theirs = before ? neighbour.outputs : neighbour.inputs;
        const Type& mine = before ? step.inputs.front() : step.outputs.front();
        if (neighbour.nodes.empty() || std::none_of(theirs.begin(), theirs.end(), [&](const Type& type) {
              return mine.is_tensor() && type.is_tensor() && type.shape == mine.shape;
            }))
          return false;
        step.nodes = {before ? neighbour.nodes.back() : neighbour.nodes.front()};
        origin(index).mapped_by = std::string("converts what '") +
                                  labels_[static_cast<std::size_t>(step.nodes.front())] +
                                  (before ? "' makes" : "' reads");
        return true;
      };
      if (i > 0 && take(i - 1, true)) continue;
      if (i + 1 < operators.size()) take(i + 1, false);
    }
  }

  void name_nodes(Step& step) const {
    if (step.nodes.empty()) return;
    step.node_names.clear();
    for (const int node : step.nodes) step.node_names.push_back(labels_[static_cast<std::size_t>(node)]);
  }

  TraceMapping counts() const {
    TraceMapping counts;
    std::map<std::string, std::size_t> unmapped;
    for_each_own_time(trace_, [&](const Span& span, std::int64_t own_ns) {
      const Step& step = trace_.steps[static_cast<std::size_t>(span.step)];
      ++counts.operator_spans;
      counts.operator_ns += own_ns;
      if (step.nodes.empty()) {
        ++unmapped[step.name];
      } else {
        ++counts.mapped_spans;
        counts.mapped_ns += own_ns;
      }
    });
    counts.unmapped.assign(unmapped.begin(), unmapped.end());
    std::stable_sort(counts.unmapped.begin(), counts.unmapped.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    return counts;
  }

  Trace& trace_;
  const Model& model_;
  NodeNames names_;
  Wiring wiring_;
  std::vector<bool> claimed_;
  std::vector<std::string> labels_;
};

}  // namespace

TraceMapping map_to_model(Trace& trace, const Model& model) { return ModelMapper(trace, model).map(); }

}  // namespace lapidary
