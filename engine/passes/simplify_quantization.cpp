#include "engine/passes/all_passes.h"
#include "engine/passes/constants.h"

namespace lapidary {
namespace {

/// The same value by name, or constants that hold the same; both left out is the same, too.
bool same_value(const GraphRewriter& graph, const std::string& a, const std::string& b) {
  if (a == b) return true;
  const NamedTensor *first = graph.constant(a), *second = graph.constant(b);
  return first && second && identical(first->tensor.aligned(), second->tensor.aligned());
}

/// Both nodes have the same scale, zero point, axis and blocks.
bool same_parameters(const GraphRewriter& graph, const Node& a, const Node& b) {
  for (const std::size_t input : {std::size_t{1}, std::size_t{2}})
    if (!same_value(graph, input_or_empty(a, input), input_or_empty(b, input))) return false;
  for (const auto& [name, otherwise] : {std::pair("axis", std::int64_t{1}), {"block_size", std::int64_t{0}}})
    if (a.attribute_or(name, otherwise) != b.attribute_or(name, otherwise)) return false;
  return true;
}

void rewrite(GraphRewriter& graph) {
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const Node* quantize = graph.node(i);
    if (!quantize || !is_standard(*quantize, "QuantizeLinear") || quantize->inputs.size() < 2) continue;
    const Node* dequantize = graph.producer_of_type(quantize->inputs[0], "DequantizeLinear");
    if (!dequantize || !same_parameters(graph, *dequantize, *quantize)) continue;
    const std::string& source = dequantize->inputs[0];
    const Type &before = graph.type_of(source), &after = graph.type_of(quantize->outputs[0]);
    const NamedTensor* scale = graph.constant(quantize->inputs[1]);
    if (!is_integer(before.element) || bits_of(before.element) > 8 || before.element != after.element ||
        !scale || scale->tensor.type() != DataType::Float32)
      continue;
    bool usual = true;  // a scale so small or large that numbers are lost on the way
    for (const double value : values_as<double>(scale->tensor.aligned()))
      usual = usual && value > 1e-30 && value < 1e30;
    if (usual && graph.can_bypass(quantize->outputs[0], source) && graph.admit(*quantize))
      graph.bypass(i, quantize->outputs[0], source);
  }
}

}  // namespace

/// QuantizeLinear(DequantizeLinear(x)) → x where both have the same constant scale, zero point and axis, and
/// x has 8 bits or fewer: every such number survives float32. So Q, DQ, Q, DQ in a row become Q, DQ.
PassResult simplify_quantization(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
