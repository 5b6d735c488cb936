#include <algorithm>
#include <set>

#include "engine/analysis/every_node.h"
#include "engine/model/function_body.h"
#include "engine/ops/operator_table.h"
#include "engine/passes/all_passes.h"
#include "engine/passes/inline_body.h"

namespace lapidary {
namespace {

constexpr std::size_t most_nodes = 200'000;

/// Calls `visit` for the nodes of the list and those in their bodies.
void visit_nodes(const std::vector<std::shared_ptr<const Node>>& nodes,
                 const std::function<void(const Node&)>& visit) {
  for (const auto& node : nodes) {
    visit(*node);
    for (const auto& [name, body] : subgraphs_of(*node)) visit_nodes(body->nodes.to_vector(), visit);
  }
}

/// True if the function comes back to itself; `path` holds those on the way.
bool is_recursive(const Model& model, const Function& function, std::set<const Function*>& path) {
  if (!path.insert(&function).second) return true;
  bool found = false;
  visit_nodes(function.nodes, [&](const Node& node) {
    const Function* called = found ? nullptr : model.find_function(node);
    found = found || (called && is_recursive(model, *called, path));
  });
  path.erase(&function);
  return found;
}

/// Every node of the body means the same under the operator sets of the graph that calls it.
bool means_the_same(const GraphRewriter& graph, const Function& function) {
  bool same = true;
  visit_nodes(function.nodes, [&](const Node& node) {
    std::int64_t inside = 0;
    for (const auto& import : function.opset_imports)
      if (normalized_domain(import.domain) == normalized_domain(node.domain)) inside = import.version;
    const std::int64_t outside = graph.opset(node.domain);
    const bool is_call = graph.model().find_function(node) != nullptr;
    const Operator* record = operator_table().find(node.domain, node.op_type, inside);
    same = same && outside > 0 &&
           (inside == outside || is_call ||
            (record && record == operator_table().find(node.domain, node.op_type, outside)));
  });
  return same;
}

void rewrite(GraphRewriter& graph) {
  const std::size_t count = graph.size();
  for (std::size_t i = 0; i < count && graph.size() < most_nodes; ++i) {
    const Node* node = graph.node(i);
    const Function* function = node ? graph.model().find_function(*node) : nullptr;
    std::set<const Function*> path;
    if (!function || has_reference(*node) || is_recursive(graph.model(), *function, path) ||
        !means_the_same(graph, *function) || !graph.admit(*node))
      continue;
    const GraphPointer body = instantiate(*function, *node);
    graph.erase(i);
    inline_body(graph, i, *body, node->inputs, node->outputs, node->name);
  }
}

/// Functions that nobody calls any more go, too.
ModelPointer without_uncalled(const ModelPointer& model) {
  Model changed = *model;
  for (bool any = true; any;) {
    std::set<const Function*> called;
    for_each_node(changed,
                  [&](const Node& node, const Function*) { called.insert(changed.find_function(node)); });
    any = std::erase_if(changed.functions, [&](const auto& f) { return !called.contains(f.get()); }) > 0;
  }
  return std::make_shared<const Model>(std::move(changed));
}

}  // namespace

/// A call of one of the model's functions → the nodes of its body, with attributes put in. Not where an
/// operator means something else in the function's operator sets, or the function calls itself.
PassResult inline_functions(const ModelPointer& model, const PassContext& context) {
  if (model->functions.empty()) return {model, {}, {}};
  PassResult result = rewrite_graphs(model, context, rewrite);
  if (!result.changed.empty()) result.model = without_uncalled(result.model);
  return result;
}

}  // namespace lapidary
