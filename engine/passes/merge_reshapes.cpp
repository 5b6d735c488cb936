#include <algorithm>

#include "engine/passes/all_passes.h"
#include "engine/passes/constants.h"

namespace lapidary {
namespace {

bool only_reshapes(const Node& node) {
  return is_standard(node, "Reshape") || is_standard(node, "Flatten") || is_standard(node, "Squeeze") ||
         is_standard(node, "Unsqueeze");
}

/// What Reshape takes to get from `given` to `wanted`; nothing where that needs more than one free size.
std::optional<std::vector<std::int64_t>> target_of(const Shape& wanted, const std::optional<Shape>& given) {
  std::vector<std::int64_t> target;
  int free = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const bool stays = given && i < given->size() && wanted[i].is_known() && (*given)[i] == wanted[i];
    // A size of 0 says for Reshape that the input's stays; a constant 0 cannot be said.
    if (wanted[i].is_constant() && wanted[i].value() > 0)
      target.push_back(wanted[i].value());
    else if (stays)
      target.push_back(0);
    else if (wanted[i].is_constant())
      return std::nullopt;
    else
      target.push_back(-1), ++free;
  }
  return free <= 1 ? std::optional(target) : std::nullopt;
}

void rewrite(GraphRewriter& graph) {
  const std::size_t count = graph.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Node* second = graph.node(i);
    if (!second || !only_reshapes(*second) || second->inputs.empty() || graph.opset() < 5) continue;
    const int producer = graph.producer(second->inputs[0]);
    if (producer < 0 || !graph.is_private(second->inputs[0])) continue;
    const Node* first = graph.node(static_cast<std::size_t>(producer));
    const auto& wanted = graph.type_of(second->outputs[0]).shape;
    if (!only_reshapes(*first) || !wanted) continue;
    const auto target = target_of(*wanted, graph.shape_of_value(first->inputs[0]));
    if (!target || !graph.admit(*second)) continue;
    const std::string source = first->inputs[0];
    const std::string shape = graph.add_constant(second->outputs[0] + "_shape", integers_tensor(*target));
    graph.replace(i, node_like(*second, "Reshape", {source, shape}, second->outputs));
  }
}

}  // namespace

/// Reshape, Flatten, Squeeze or Unsqueeze of another of these → one Reshape. Not where the first one's result
/// is read elsewhere, or more than one size is free and changes.
PassResult merge_reshapes(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
