#include <algorithm>

#include "engine/passes/all_passes.h"
#include "engine/passes/constants.h"

namespace lapidary {
namespace {

bool only_reshapes(const Node& node) {
  return is_standard(node, "Reshape") || is_standard(node, "Flatten") || is_standard(node, "Squeeze") ||
         is_standard(node, "Unsqueeze");
}

/// The axes that a node takes away or leaves as 1, as attribute keepdims says.
std::optional<std::vector<std::int64_t>> axes_of(const GraphRewriter& graph, const Node& node) {
  if (!is_standard(node, "ArgMax") && !is_standard(node, "ArgMin"))
    return node.op_type.starts_with("Reduce") ? reduced_axes(graph, node) : std::nullopt;
  const auto shape = graph.shape_of_value(node.inputs[0]);
  if (!shape) return std::nullopt;
  const std::int64_t axis = node.attribute_or("axis", std::int64_t{0});
  return std::vector{axis < 0 ? axis + static_cast<std::int64_t>(shape->size()) : axis};
}

/// The shape of the result with `keepdims` as given.
std::optional<Shape> reduced_shape(const GraphRewriter& graph, const Node& node, bool keeps_axes) {
  const auto shape = graph.shape_of_value(node.inputs[0]);
  const auto axes = axes_of(graph, node);
  if (!shape || !axes) return std::nullopt;
  Shape result;
  for (std::size_t i = 0; i < shape->size(); ++i) {
    const bool reduces = std::binary_search(axes->begin(), axes->end(), static_cast<std::int64_t>(i));
    if (!reduces) result.push_back((*shape)[i]);
    if (reduces && keeps_axes) result.push_back(1);
  }
  return result;
}

void rewrite(GraphRewriter& graph) {
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const Node* reshape = graph.node(i);
    if (!reshape || !only_reshapes(*reshape) || reshape->inputs.empty() ||
        !graph.is_private(reshape->inputs[0]))
      continue;
    const int producer = graph.producer(reshape->inputs[0]);
    const Node* reduction = producer < 0 ? nullptr : graph.node(static_cast<std::size_t>(producer));
    if (!reduction || !normalized_domain(reduction->domain).empty() || reduction->inputs.empty()) continue;
    const bool keeps_axes = reduction->attribute_or("keepdims", std::int64_t{1}) != 0;
    const auto other = reduced_shape(graph, *reduction, !keeps_axes),
               wanted = graph.type_of(reshape->outputs[0]).shape;
    if (!other || !wanted || *other != *wanted || !graph.admit(*reshape)) continue;
    Node changed = *reduction;
    changed.outputs = reshape->outputs;
    set_attribute(changed, "keepdims", std::int64_t{keeps_axes ? 0 : 1});
    graph.replace(i, std::move(changed));
  }
}

}  // namespace

/// A reduction, ArgMax or ArgMin, and a Squeeze, Unsqueeze or Reshape of the axes that it reduced → one that
/// keeps or takes away the axes itself. Not where the sizes cannot be told, or the reduction's result is read
/// elsewhere.
PassResult merge_reductions(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
