#include <algorithm>

#include "engine/analysis/inferred_types.h"
#include "engine/passes/all_passes.h"
#include "engine/passes/graph_rewriter.h"

namespace lapidary {

/// A node whose outputs are known constants (of at most a few thousand elements, as the analysis folds them)
/// → initializers of the same names. Shape(x) → Gather → Concat chains over known sizes vanish with it. Kept
/// where an output is an output of the graph.
PassResult fold_constants(const ModelPointer& model) {
  const InferredTypes types = infer_types(*model);
  GraphRewriter graph(model);
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const Node node = *graph.node(i);
    const auto foldable = [&](const std::string& name) {
      return name.empty() || (!graph.is_output(name) && types.constant_in(nullptr, name));
    };
    if (node.outputs.empty() || !std::all_of(node.outputs.begin(), node.outputs.end(), foldable)) continue;
    for (const auto& name : node.outputs) {
      if (name.empty()) continue;
      NamedTensor folded;
      folded.name = name;
      folded.tensor = *types.constant_in(nullptr, name);
      graph.add_initializer(std::move(folded));
    }
    graph.mark_changed(node);
    graph.erase(i);
  }
  graph.remove_unused();
  return graph.finish();
}

}  // namespace lapidary
