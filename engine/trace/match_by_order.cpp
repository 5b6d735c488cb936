#include "engine/trace/match_by_order.h"

#include <algorithm>
#include <map>

#include "engine/analysis/wiring.h"
#include "engine/model/graph_index.h"
#include "engine/trace/node_names.h"

namespace lapidary {
namespace {

/// False where two known shapes cannot be the same.
bool fits(const Type& type, const Type& other) {
  if (!type.is_tensor() || !other.is_tensor() || !type.shape || !other.shape) return true;
  return std::equal(type.shape->begin(), type.shape->end(), other.shape->begin(), other.shape->end(),
                    [](const Dimension& a, const Dimension& b) {
                      return !a.is_constant() || !b.is_constant() || a.value() == b.value();
                    });
}

class OrderMatcher {
 public:
  OrderMatcher(Trace& trace, const Model& model, const InferredTypes& types, std::vector<bool>& claimed)
      : trace_(trace), model_(model), types_(types), claimed_(claimed) {
    const Wiring wiring = wiring_of(*model.graph);
    const GraphIndex index(*model.graph);
    for (const int node : index.topological_order())
      if (!claimed[static_cast<std::size_t>(node)] && !wiring.constant[static_cast<std::size_t>(node)])
        nodes_of_kind_[operator_names(node_of(node).op_type).front()].push_back(node);
    for (std::size_t step = 0; step < trace.steps.size(); ++step) kinds_.push_back(kind_of(step));
  }

  void match() {
    if (nodes_of_kind_.empty()) return;
    collect();
    for (auto& [key, spans] : candidates_) assign(key.second, spans);
    for (const auto& [span, around] : nested_) {
      const Step& outer = step_of(trace_.spans[around]);
      if (outer.nodes.empty()) continue;
      split(trace_.spans[span], outer.nodes.front(), "inside '" + outer.name + "'");
    }
  }

 private:
  const Node& node_of(int position) const { return *model_.graph->nodes[static_cast<std::size_t>(position)]; }
  const Step& step_of(const Span& span) const { return trace_.steps[static_cast<std::size_t>(span.step)]; }

  /// The kind of node that a step may be, or nothing.
  std::string kind_of(std::size_t step) const {
    if (!trace_.is_operator(static_cast<int>(step)) || !trace_.steps[step].nodes.empty()) return {};
    for (auto& kind : operator_names(trace_.steps[step].op_type))
      if (nodes_of_kind_.contains(kind)) return kind;
    return {};
  }

  /// Outermost spans that may be nodes, by run and kind, and what is nested in each.
  void collect() {
    std::map<std::pair<int, int>, std::size_t> around;  // the last candidate of each run and lane
    for (std::size_t i = 0; i < trace_.spans.size(); ++i) {
      const Span& span = trace_.spans[i];
      if (span.run < 0 || !trace_.is_operator(span.step) || !step_of(span).nodes.empty()) continue;
      const auto outer = around.find({span.run, span.lane});
      if (outer != around.end() && span.end_ns <= trace_.spans[outer->second].end_ns) {
        nested_.emplace_back(i, outer->second);
        continue;
      }
      const std::string& kind = kinds_[static_cast<std::size_t>(span.step)];
      if (kind.empty()) continue;
      candidates_[{span.run, kind}].push_back(i);
      around[{span.run, span.lane}] = i;
    }
  }

  bool shapes_fit(const Step& step, const Node& node) const {
    if (!step.inputs.empty() && !node.inputs.empty() &&
        !fits(step.inputs.front(), types_.type_of(node.inputs.front())))
      return false;
    return step.outputs.empty() || node.outputs.empty() ||
           fits(step.outputs.front(), types_.type_of(node.outputs.front()));
  }

  void assign(const std::string& kind, const std::vector<std::size_t>& spans) {
    const auto& nodes = nodes_of_kind_.at(kind);
    if (nodes.size() == spans.size()) {
      for (std::size_t i = 0; i < spans.size(); ++i) {
        Span& span = trace_.spans[spans[i]];
        const bool fit = shapes_fit(step_of(span), node_of(nodes[i]));
        split(span, nodes[i], fit ? "operator, shapes and order" : "operator and order");
      }
      return;
    }
    std::vector<bool> taken(nodes.size());
    for (const std::size_t index : spans) {
      Span& span = trace_.spans[index];
      const Step& step = step_of(span);
      if (step.inputs.empty() && step.outputs.empty()) continue;  // order alone would be a guess
      for (std::size_t n = 0; n < nodes.size(); ++n) {
        if (taken[n] || !shapes_fit(step, node_of(nodes[n]))) continue;
        taken[n] = true;
        split(span, nodes[n], "operator, shapes and order");
        break;
      }
    }
  }

  /// Lets the span have a step that is this node's alone.
  void split(Span& span, int node, const std::string& how) {
    const auto [place, fresh] =
        step_of_node_.try_emplace({span.step, node}, static_cast<int>(trace_.steps.size()));
    if (fresh) {
      const auto old = static_cast<std::size_t>(span.step);
      trace_.steps.push_back(Step(trace_.steps[old]));
      trace_.steps.back().nodes = {node};
      trace_.origins.push_back({trace_.origins[old].category, true, how});
      claimed_[static_cast<std::size_t>(node)] = true;
    }
    span.step = place->second;
  }

  Trace& trace_;
  const Model& model_;
  const InferredTypes& types_;
  std::vector<bool>& claimed_;
  std::map<std::string, std::vector<int>> nodes_of_kind_;
  std::vector<std::string> kinds_;  ///< by step
  std::map<std::pair<int, std::string>, std::vector<std::size_t>> candidates_;
  std::vector<std::pair<std::size_t, std::size_t>> nested_;
  std::map<std::pair<int, int>, int> step_of_node_;
};

}  // namespace

void map_by_order(Trace& trace, const Model& model, const InferredTypes& types, std::vector<bool>& claimed) {
  OrderMatcher(trace, model, types, claimed).match();
}

}  // namespace lapidary
