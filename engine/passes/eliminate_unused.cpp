#include "engine/passes/all_passes.h"
#include "engine/passes/graph_rewriter.h"

namespace lapidary {

/// Nodes whose outputs nobody reads, and initializers that nobody reads and that are no inputs, are removed.
PassResult eliminate_unused(const ModelPointer& model) {
  GraphRewriter graph(model);
  graph.remove_unused();
  return graph.finish();
}

}  // namespace lapidary
