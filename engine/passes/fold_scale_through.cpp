#include <algorithm>
#include <cmath>

#include "engine/passes/all_passes.h"
#include "engine/passes/channel_scale.h"
#include "engine/passes/constants.h"

namespace lapidary {
namespace {

constexpr int most_depth = 12;

/// Multiplies a value by one number by changing what makes it, up to constants.
class Scaler {
 public:
  Scaler(GraphRewriter& graph, double factor) : graph_(graph), factor_(factor) {}

  /// True if the value is private, and what makes it can take the number.
  bool can(const std::string& value, int depth = 0) const {
    if (graph_.constant(value)) return foldable_weights(graph_, value) != nullptr;
    const int position = graph_.producer(value);
    if (position < 0 || depth == most_depth || !graph_.is_private(value)) return false;
    const Node& node = *graph_.node(static_cast<std::size_t>(position));
    const auto chosen = operands(node, depth);
    return !chosen.empty() && std::all_of(chosen.begin(), chosen.end(),
                                          [&](std::size_t i) { return can(node.inputs[i], depth + 1); });
  }

  /// The name of the scaled value; `wanted` is the name to give it, or empty.
  std::string scale(const std::string& value, const std::string& wanted, int depth = 0) {
    if (const NamedTensor* constant = graph_.constant(value))
      return graph_.add_constant(value + "_scaled",
                                 multiplied(constant->tensor, [&](std::size_t) { return factor_; }));
    const auto position = static_cast<std::size_t>(graph_.producer(value));
    Node changed = *graph_.node(position);
    for (const std::size_t i : operands(changed, depth))
      changed.inputs[i] = scale(changed.inputs[i], "", depth + 1);
    changed.outputs[0] = wanted.empty() ? graph_.fresh_name(value + "_scaled") : wanted;
    std::string name = changed.outputs[0];
    graph_.replace(position, std::move(changed));
    return name;
  }

 private:
  /// The inputs that have to be scaled for the result to be; none where that cannot be.
  std::vector<std::size_t> operands(const Node& node, int depth) const {
    if (!normalized_domain(node.domain).empty() || graph_.opset() < 7) return {};
    const auto is = [&](const char* type) { return node.op_type == type; };
    if (is("Transpose") || is("Reshape") || is("Squeeze") || is("Unsqueeze") || is("Flatten")) return {0};
    if (is("Add") || is("Sub")) return {0, 1};
    if ((is("Conv") || is("Gemm")) && !input_or_empty(node, 2).empty()) return {1, 2};
    if (is("Conv") || is("Gemm")) return {1};
    if (!is("MatMul") && !is("Mul")) return {};
    for (const std::size_t i : {std::size_t{1}, std::size_t{0}})
      if (graph_.constant(node.inputs[i])) return {i};
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}})
      if (can(node.inputs[i], depth + 1)) return {i};
    return {};
  }

  GraphRewriter& graph_;
  double factor_;
};

/// The number that the node multiplies its other operand with, and which one that is.
std::optional<std::pair<double, std::string>> scale_of(const GraphRewriter& graph, const Node& node) {
  const bool divides = is_standard(node, "Div");
  if ((!divides && !is_standard(node, "Mul")) || node.inputs.size() != 2) return std::nullopt;
  const std::size_t constant = !divides && graph.constant(node.inputs[0]) ? 0 : 1;
  const NamedTensor* tensor = graph.constant(node.inputs[constant]);
  const auto number = constant_number(graph, node.inputs[constant]);
  if (!number || !tensor || !is_floating(tensor->tensor.type())) return std::nullopt;
  const double factor = divides ? 1 / *number : *number;
  const std::string& source = node.inputs[1 - constant];
  const bool keeps_rank = tensor->tensor.rank() == 0 || same_shape(graph, source, node.outputs[0]);
  return std::isfinite(factor) && keeps_rank ? std::optional(std::pair(factor, source)) : std::nullopt;
}

void rewrite(GraphRewriter& graph) {
  const std::size_t count = graph.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Node* node = graph.node(i);
    const auto scale = node ? scale_of(graph, *node) : std::nullopt;
    if (!scale || graph.constant(scale->second)) continue;
    Scaler scaler(graph, scale->first);
    if (!scaler.can(scale->second) || !graph.admit(*node)) continue;
    const std::string output = node->outputs[0];
    graph.erase(i);
    scaler.scale(scale->second, output);
  }
}

}  // namespace

/// Q·Kᵀ / √d with Q = reshaped (x·W + b) → the same with W/√d and b/√d: one number goes up through products,
/// sums and changes of shape into constants. Not where something on the way is read elsewhere, or the file
/// would grow by more than the limit since others use the constants.
PassResult fold_scale_through(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
