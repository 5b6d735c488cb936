#include <algorithm>

#include "engine/passes/all_passes.h"
#include "engine/passes/constants.h"

namespace lapidary {
namespace {

/// The contents of Reshape's second input as constants: numbers, 0 for a size that is the input's at the same
/// place, and -1 for one more that is free. Nothing if two or more are left, or 0 stands for itself.
std::optional<std::vector<std::int64_t>> constant_target(const std::vector<Dimension>& wanted,
                                                         const std::optional<Shape>& given) {
  std::vector<std::int64_t> target;
  int free = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].is_constant()) {
      target.push_back(wanted[i].value());
      if (target.back() < 0) ++free;
    } else if (given && i < given->size() && wanted[i].is_known() && (*given)[i] == wanted[i]) {
      target.push_back(0);
    } else {
      target.push_back(-1);
      ++free;
    }
  }
  return free <= 1 ? std::optional(target) : std::nullopt;
}

void rewrite(GraphRewriter& graph) {
  const std::size_t count = graph.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Node* node = graph.node(i);
    if (!node || !is_standard(*node, "Reshape") || node->inputs.size() != 2 ||
        graph.constant(node->inputs[1]) || node->attribute_or("allowzero", std::int64_t{0}) != 0)
      continue;
    const ValueFacts* facts = graph.facts(node->inputs[1]);
    if (!facts || !facts->values) continue;
    const auto target = constant_target(*facts->values, graph.shape_of_value(node->inputs[0]));
    if (!target || !graph.admit(*node)) continue;
    Node changed = *node;
    changed.inputs[1] = graph.add_constant(node->outputs[0] + "_shape", integers_tensor(*target));
    graph.replace(i, std::move(changed));
  }
}

}  // namespace

/// Reshape(x, Concat(Shape(x)[0], 12, 64)) → Reshape(x, [0, 12, 64]): a shape computed from sizes becomes a
/// constant, with 0 for sizes that stay and -1 for one that is free. Not where two free sizes change.
PassResult fold_shapes(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
