#include <algorithm>

#include "engine/passes/all_passes.h"
#include "engine/passes/constants.h"

namespace lapidary {
namespace {

/// Dropout that only passes its input on: not in training mode, and nobody reads the mask.
bool is_idle_dropout(const GraphRewriter& graph, const Node& node) {
  if (!is_standard(node, "Dropout")) return false;
  if (node.outputs.size() > 1 && graph.use_count(node.outputs[1]) > 0) return false;
  if (graph.opset() < 7) return node.attribute_or("is_test", std::int64_t{0}) != 0;
  const std::string& training = input_or_empty(node, 2);
  const std::string& ratio = input_or_empty(node, 1);
  if (training.empty() || (!ratio.empty() && constant_number(graph, ratio) == 0.0)) return true;
  return constant_number(graph, training) == 0.0;
}

void rewrite(GraphRewriter& graph) {
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const Node* node = graph.node(i);
    if (!node || input_or_empty(*node, 0).empty() || node->outputs.empty()) continue;
    if (!is_standard(*node, "Identity") && !is_idle_dropout(graph, *node)) continue;
    if (graph.can_bypass(node->outputs[0], node->inputs[0]) && graph.admit(*node))
      graph.bypass(i, node->outputs[0], node->inputs[0]);
  }
}

}  // namespace

/// Identity(x) → x, and Dropout(x) → x outside training or with ratio 0. Where the result is an output of the
/// graph, the node that makes x takes over its name; kept where x is an input or a constant.
PassResult eliminate_identity(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
