#include "engine/passes/all_passes.h"
#include "engine/passes/inline_body.h"

namespace lapidary {
namespace {

/// The branch that will run, if the condition is known.
GraphPointer known_branch(const GraphRewriter& graph, const Node& node) {
  const NamedTensor* constant = graph.constant(node.inputs[0]);
  const ValueFacts* facts = graph.facts(node.inputs[0]);
  const Tensor condition = constant ? constant->tensor : facts ? facts->constant : Tensor();
  if (condition.type() != DataType::Bool || condition.size() != 1) return nullptr;
  return node.attribute_or(values_as<int>(condition)[0] != 0 ? "then_branch" : "else_branch", GraphPointer());
}

void rewrite(GraphRewriter& graph) {
  const std::size_t count = graph.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Node* node = graph.node(i);
    if (!node || !is_standard(*node, "If") || node->inputs.size() != 1) continue;
    const GraphPointer branch = known_branch(graph, *node);
    if (!branch || !can_inline(*branch) || branch->outputs.size() < node->outputs.size() ||
        !graph.admit(*node))
      continue;
    graph.erase(i);
    inline_body(graph, i, *branch, {}, node->outputs, "");
  }
}

}  // namespace

/// If(constant) → the nodes of the branch that it takes. Not where the condition is not known, or the branch
/// has sparse weights.
PassResult inline_if(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
