#include <algorithm>
#include <array>
#include <optional>

#include "engine/cpu/fusion.h"

// Operators that only move numbers, or choose among them, do so with 8-bit numbers as they are:
//   move(DequantizeLinear(x)) → DequantizeLinear(move(x)),  QuantizeLinear(DequantizeLinear(x)) → x
// the latter where both have the same scale and zero point. All of it is exact.
namespace lapidary::cpu {
namespace {

bool moves_numbers(const LoweredNode& node) {
  static constexpr std::array operators{"Reshape", "Flatten", "Squeeze",      "Unsqueeze",    "Transpose",
                                        "Concat",  "Slice",   "DepthToSpace", "SpaceToDepth", "Identity"};
  if (!node.node || !normalized_domain(node.node->domain).empty() || node.outputs.size() != 1) return false;
  // Before version 12 it knew floating numbers only.
  if (node.op == "MaxPool") return node.record && node.record->since_version >= 12;
  return std::find(operators.begin(), operators.end(), node.op) != operators.end();
}

bool same_constant(const LoweredGraph& graph, const LoweredNode& a, const LoweredNode& b, std::size_t slot) {
  if (!graph.has_input(a, slot) || !graph.has_input(b, slot))
    return graph.has_input(a, slot) == graph.has_input(b, slot);
  const Tensor *first = graph.constant(a, slot), *second = graph.constant(b, slot);
  return first && second && first->size() == 1 && second->size() == 1 &&
         identical(first->aligned(), second->aligned());
}

/// Both conversions have the same constant scale and zero point, one for the whole tensor.
bool same_steps(const LoweredGraph& graph, const LoweredNode& a, const LoweredNode& b) {
  return same_constant(graph, a, b, 1) && same_constant(graph, a, b, 2);
}

/// The DequantizeLinear of 8-bit numbers with one scale that makes `id`; nullptr if none does.
const LoweredNode* dequantization_of(const LoweredGraph& graph, ValueId id) {
  if (id < 0 || graph.values[id].producer < 0 || !graph.is_float(id)) return nullptr;
  const LoweredNode& node = graph.nodes[graph.values[id].producer];
  const bool is_it = node.op == "DequantizeLinear" && normalized_domain(node.node->domain).empty() &&
                     node.node->attribute_or("block_size", std::int64_t{0}) == 0 &&
                     bits_of(graph.input(node, 0).element) == 8 && is_integer(graph.input(node, 0).element) &&
                     !graph.input(node, 0).is_constant() && graph.constant(node, 1) &&
                     graph.input(node, 1).element == DataType::Float32;
  return is_it && same_steps(graph, node, node) ? &node : nullptr;
}

std::size_t data_inputs(const LoweredNode& node) { return node.op == "Concat" ? node.inputs.size() : 1; }

/// The conversion that all of the node's data goes through.
const LoweredNode* common_dequantization(const LoweredGraph& graph, const LoweredNode& node) {
  if (node.inputs.empty() || !graph.is_float(node.outputs[0])) return nullptr;
  const LoweredNode* first = dequantization_of(graph, node.inputs[0]);
  for (std::size_t slot = 1; first && slot < data_inputs(node); ++slot) {
    const LoweredNode* other = dequantization_of(graph, node.inputs[slot]);
    if (!other || !same_steps(graph, *first, *other) ||
        graph.input(*first, 0).element != graph.input(*other, 0).element)
      return nullptr;
  }
  return first;
}

/// Lets the node at `index` move 8-bit numbers; returns the conversion that stands behind it by now.
LoweredNode move_before(LoweredGraph& graph, int index, LoweredNode conversion) {
  const DataType element = graph.input(conversion, 0).element;
  for (std::size_t slot = 0; slot < data_inputs(graph.nodes[index]); ++slot) {
    const LoweredNode& source = graph.nodes[graph.values[graph.nodes[index].inputs[slot]].producer];
    graph.set_input(index, slot, source.inputs[0]);
  }
  const ValueId real = graph.nodes[index].outputs[0], moved = graph.add_value(graph.values[real].name);
  graph.values[moved].element = element;
  graph.values[moved].dims = graph.values[real].dims;
  graph.values[moved].is_static = true;
  graph.values[moved].producer = index;
  graph.nodes[index].outputs[0] = moved;
  conversion.inputs[0] = moved;
  conversion.outputs = {real};
  return conversion;
}

/// Readers of what was dequantized and quantized again in the same steps read the 8-bit numbers.
void cancel_conversions(LoweredGraph& graph) {
  for (const LoweredNode& node : graph.nodes) {
    if (node.dead || node.op != "QuantizeLinear" || !normalized_domain(node.node->domain).empty()) continue;
    const LoweredNode* before = dequantization_of(graph, node.inputs[0]);
    const ValueId result = node.outputs[0];
    if (!before || !same_steps(graph, *before, node) || graph.values[result].is_output ||
        graph.values[result].element != graph.input(*before, 0).element)
      continue;
    graph.replace(result, before->inputs[0]);
  }
  graph.remove_dead();
}

}  // namespace

void move_dequantization(LoweredGraph& graph) {
  std::vector<LoweredNode> made;
  made.reserve(graph.nodes.size());
  const int count = static_cast<int>(graph.nodes.size());
  for (int i = 0; i < count; ++i) {
    if (graph.nodes[i].dead) continue;
    const LoweredNode* conversion =
        moves_numbers(graph.nodes[i]) ? common_dequantization(graph, graph.nodes[i]) : nullptr;
    if (!conversion) {
      made.push_back(graph.nodes[i]);
      continue;
    }
    LoweredNode behind = move_before(graph, i, *conversion);
    made.push_back(graph.nodes[i]);
    // Found as the maker of what it makes, should the next node move that on.
    graph.nodes.push_back(behind);
    graph.values[behind.outputs[0]].producer = static_cast<int>(graph.nodes.size()) - 1;
    made.push_back(std::move(behind));
  }
  graph.replace_nodes(std::move(made));
  cancel_conversions(graph);
}

}  // namespace lapidary::cpu
