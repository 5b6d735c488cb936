#include <algorithm>

#include "engine/model/edit.h"
#include "engine/passes/graph_rewriter.h"

namespace lapidary {

namespace {

using Rewrites = std::function<void(GraphRewriter&)>;
using Surroundings = GraphRewriter::Surroundings;

GraphPointer rewrite_graph(const GraphPointer& graph, const Surroundings& around, const Rewrites& rewrite);

/// The bodies of all nodes first: what they read from outside is as it was in the model.
void rewrite_bodies(GraphRewriter& graph, const Surroundings& around, const Rewrites& rewrite) {
  const Surroundings inside{around.model,  around.context,  around.names,
                            around.result, around.function, &graph};
  for (std::size_t i = 0; i < graph.size(); ++i) {
    if (subgraphs_of(*graph.node(i)).empty()) continue;
    Node changed = *graph.node(i);
    bool any = false;
    const auto visit = [&](GraphPointer& body) {
      GraphPointer result = rewrite_graph(body, inside, rewrite);
      any = any || result != body;
      body = std::move(result);
    };
    for (auto& attribute : changed.attributes) {
      if (auto* body = std::get_if<GraphPointer>(&attribute.value)) visit(*body);
      if (auto* bodies = std::get_if<std::vector<GraphPointer>>(&attribute.value))
        for (auto& body : *bodies) visit(body);
    }
    if (any) graph.replace(i, std::move(changed));
  }
}

GraphPointer rewrite_graph(const GraphPointer& graph, const Surroundings& around, const Rewrites& rewrite) {
  GraphRewriter rewriter(graph, around);
  rewrite_bodies(rewriter, around, rewrite);
  rewrite(rewriter);
  GraphPointer result = rewriter.finish();
  if (result != graph && around.outer) around.context.types->follow(graph.get(), result);
  return result;
}

GraphPointer graph_of(const Function& function) {
  Graph graph;
  graph.name = function.name;
  const auto add = [](std::vector<Value>& values, const std::vector<std::string>& names) {
    for (const auto& name : names) values.push_back({name, {}, {}, {}, {}});
  };
  add(graph.inputs, function.inputs);
  add(graph.outputs, function.outputs);
  graph.value_infos = PersistentVector(function.value_infos);
  graph.nodes = PersistentVector(function.nodes);
  return std::make_shared<const Graph>(std::move(graph));
}

/// Functions have no initializers: constants become nodes before all others.
std::vector<std::shared_ptr<const Node>> nodes_with_constants(const Graph& graph) {
  std::vector<std::shared_ptr<const Node>> nodes;
  for (const auto& tensor : graph.initializers) {
    Node constant;
    constant.op_type = "Constant";
    constant.outputs = {tensor->name};
    constant.attributes.push_back(make_attribute("value", tensor));
    nodes.push_back(std::make_shared<const Node>(std::move(constant)));
  }
  for (const auto& node : graph.nodes) nodes.push_back(node);
  return nodes;
}

std::shared_ptr<const Function> rewrite_function(const std::shared_ptr<const Function>& function,
                                                 Surroundings around, const Rewrites& rewrite) {
  // What a caller gives for an attribute is not known here.
  if (std::any_of(function->nodes.begin(), function->nodes.end(),
                  [](const auto& node) { return has_reference(*node); }))
    return function;
  around.function = function.get();
  const GraphPointer before = graph_of(*function);
  const GraphPointer after = rewrite_graph(before, around, rewrite);
  if (after == before) return function;
  Function changed = *function;
  changed.nodes = nodes_with_constants(*after);
  changed.value_infos = after->value_infos.to_vector();
  return std::make_shared<const Function>(std::move(changed));
}

}  // namespace

PassResult rewrite_graphs(const ModelPointer& model, const PassContext& context, const Rewrites& rewrite) {
  PassResult result{model, {}, {}};
  ModelNames names(model);
  const Surroundings around{model, context, names, result, nullptr, nullptr};
  Model changed = *model;
  changed.graph = rewrite_graph(model->graph, around, rewrite);
  bool any = changed.graph != model->graph;
  for (auto& function : changed.functions) {
    auto rewritten = rewrite_function(function, around, rewrite);
    any = any || rewritten != function;
    function = std::move(rewritten);
  }
  if (any) result.model = std::make_shared<const Model>(std::move(changed));
  return result;
}

}  // namespace lapidary
