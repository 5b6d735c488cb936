#include "engine/passes/all_passes.h"
#include "engine/passes/graph_rewriter.h"

namespace lapidary {
namespace {

/// Dropout that only passes its input on: not in training mode, and nobody reads the mask.
bool is_idle_dropout(const GraphRewriter& graph, const Node& node) {
  if (node.op_type != "Dropout" || !normalized_domain(node.domain).empty()) return false;
  if (node.outputs.size() > 1 && graph.use_count(node.outputs[1]) > 0) return false;
  return node.inputs.size() < 3 || node.inputs[2].empty();
}

bool is_identity(const Node& node) {
  return node.op_type == "Identity" && normalized_domain(node.domain).empty();
}

}  // namespace

/// Identity(x) → x, and Dropout(x) → x outside training. Kept where the output's name must stay: an output of
/// the graph, or a value that a subgraph reads.
PassResult eliminate_identity(const ModelPointer& model) {
  GraphRewriter graph(model);
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const Node node = *graph.node(i);
    if (node.inputs.empty() || node.inputs[0].empty() || node.outputs.empty()) continue;
    if (!is_identity(node) && !is_idle_dropout(graph, node)) continue;
    if (!graph.redirect(node.outputs[0], node.inputs[0])) continue;
    graph.mark_changed(node);
    graph.erase(i);
  }
  return graph.finish();
}

}  // namespace lapidary
