#include "engine/runtime/runnable.h"

#include <algorithm>
#include <unordered_set>

#include "engine/analysis/every_node.h"
#include "engine/model/graph_index.h"
#include "engine/model/names.h"
#include "engine/ops/operator_sets.h"
#include "engine/runtime/backend.h"

namespace lapidary {
namespace {

constexpr const char* check_advice = "'lapidary check' lists all that is wrong with the model";

/// Names that a graph's nodes may read: its own, and those of the graphs around it.
struct Scope {
  std::unordered_set<std::string_view> names;
  const Scope* outer = nullptr;
  bool has(std::string_view name) const { return names.contains(name) || (outer && outer->has(name)); }
};

void define_outputs(const Graph& graph, Scope& scope) {
  for (const auto& node : graph.nodes)
    for (const auto& name : node->outputs)
      if (!name.empty() && !scope.names.insert(name).second)
        throw Error("makes a value that already is an input, an initializer or another node's output")
            .node(node->label())
            .tensor(name)
            .advice(check_advice);
}

/// A node on a cycle, and the value of the cycle that it reads: from any node that cannot be sorted, going
/// back to makers that cannot be sorted either comes to the cycle, and then around it.
[[noreturn]] void fail_on_cycle(const Graph& graph, const GraphIndex& index) {
  std::vector<bool> sorted(graph.nodes.size(), false);
  for (const int position : index.topological_order()) sorted[static_cast<std::size_t>(position)] = true;
  std::unordered_set<int> seen;
  int position = static_cast<int>(std::find(sorted.begin(), sorted.end(), false) - sorted.begin());
  while (true) {
    const Node& node = *graph.nodes[static_cast<std::size_t>(position)];
    std::vector<std::string> reads;
    for_each_read(node, [&](const std::string& name) { reads.push_back(name); });
    const auto waits = std::find_if(reads.begin(), reads.end(), [&](const std::string& name) {
      const int maker = index.producer(name).node;
      return maker >= 0 && !sorted[static_cast<std::size_t>(maker)];
    });
    if (!seen.insert(position).second)
      throw Error("the graph has a cycle: the node waits for this value, which needs the node's own result")
          .node(node.label())
          .tensor(*waits)
          .advice(check_advice);
    position = index.producer(*waits).node;
  }
}

void check_graph(const Graph& graph, const Scope* outer) {
  Scope scope{{}, outer};
  for (const auto& input : graph.inputs) scope.names.insert(input.name);
  for (const auto& tensor : graph.initializers) scope.names.insert(tensor->name);
  for (const auto& tensor : graph.sparse_initializers) scope.names.insert(tensor->name);
  define_outputs(graph, scope);
  for (const auto& node : graph.nodes) {
    for (const auto& name : node->inputs)
      if (!name.empty() && !scope.has(name))
        throw Error("no input, initializer or node makes this value")
            .node(node->label())
            .tensor(name)
            .advice(check_advice);
    for (const auto& [attribute, body] : subgraphs_of(*node)) {
      check_graph(*body, &scope);
    }
  }
  for (const auto& output : graph.outputs)
    if (!scope.has(output.name))
      throw Error("no input, initializer or node makes this output").tensor(output.name).advice(check_advice);
  const GraphIndex index(graph);
  if (index.topological_order().size() != graph.nodes.size()) fail_on_cycle(graph, index);
}

void check_operator_sets(const Model& model) {
  for_each_node(model, [&](const Node& node, const Function* function) {
    if (model.find_function(node)) return;
    const std::int64_t opset = opset_within(model, function, node.domain);
    if (!is_too_new(node.domain, opset)) return;
    const std::string newest = std::to_string(*newest_opset(node.domain));
    const std::string domain = normalized_domain(node.domain).empty() ? "ai.onnx" : node.domain;
    UnsupportedOperatorError error("the model uses version " + std::to_string(opset) +
                                   " of the operators of " + domain +
                                   "; the newest that can be run here is " + newest);
    error.advice("It can still be opened, drawn and saved. To run it, export it again with opset " + newest +
                 " or lower");
    throw error;  // on its own: advice() returns the base class
  });
}

}  // namespace

void check_runnable(const Model& model) {
  check_operator_sets(model);
  check_graph(*model.graph, nullptr);
  for (const auto& function : model.functions) {
    Graph body;
    body.nodes = PersistentVector(function->nodes);
    for (const auto& name : function->inputs) body.inputs.emplace_back().name = name;
    for (const auto& name : function->outputs) body.outputs.emplace_back().name = name;
    check_graph(body, nullptr);
  }
}

}  // namespace lapidary
