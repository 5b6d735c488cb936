#include <algorithm>

#include "engine/passes/all_passes.h"
#include "engine/passes/graph_rewriter.h"

namespace lapidary {
namespace {

void rewrite(GraphRewriter& graph) {
  const auto is_unused = [&](const std::string& name) { return name.empty() || graph.use_count(name) == 0; };
  for (std::size_t i = graph.size(); i-- > 0;) {  // readers before producers
    const Node* node = graph.node(i);
    if (node && std::all_of(node->outputs.begin(), node->outputs.end(), is_unused) && graph.admit(*node))
      graph.erase(i);
  }
  for (const auto& tensor : graph.initializers())
    if (is_unused(tensor->name) && !graph.is_input(tensor->name) && graph.admit(tensor->name))
      graph.remove_initializer(tensor->name);
}

}  // namespace

/// Nodes whose outputs nobody reads, and initializers that nobody reads and that are no inputs, are removed.
PassResult eliminate_unused(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
