#include <algorithm>
#include <optional>
#include <unordered_map>

#include "engine/cpu/fusion.h"
#include "engine/model/attribute.h"

namespace lapidary::cpu {
namespace {

constexpr std::int64_t small_constant = 16 * 1024;  ///< elements; larger weights stay in 16 bits

bool is_narrow(DataType type) { return type == DataType::Float16 || type == DataType::BFloat16; }

/// Rewrites a graph node by node. A 16-bit value has a wide twin where a node that computes in float32 makes
/// or reads it; a conversion stands between the twins where both are needed.
class Widening {
 public:
  explicit Widening(LoweredGraph& graph) : graph_(graph) {}

  void run() {
    std::vector<LoweredNode> nodes = std::move(graph_.nodes);
    for (LoweredNode& node : nodes) {
      if (node.dead) continue;
      if (computes_in_float32(node))
        widen(std::move(node));
      else
        keep(std::move(node));
    }
    for (const ValueId output : graph_.outputs) make_narrow(output);
    graph_.replace_nodes(std::move(made_));
  }

 private:
  bool is_narrow_value(ValueId id) const {
    return id >= 0 && graph_.values[id].is_static && is_narrow(graph_.values[id].element);
  }

  /// With float32 in place of its 16-bit inputs the node would make float32 in place of its 16-bit outputs.
  bool computes_in_float32(const LoweredNode& node) const {
    const auto narrow = [&](ValueId id) { return is_narrow_value(id); };
    const bool touches = std::any_of(node.inputs.begin(), node.inputs.end(), narrow);
    if (!touches || !node.record || !subgraphs_of(*node.node).empty() || node.op == "QuantizeLinear" ||
        node.op == "BitCast")
      return false;
    if (std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
          return id >= 0 && !graph_.values[id].is_static && !graph_.values[id].is_constant();
        }))
      return false;
    if (node.op == "Gather" && is_large_constant(node, 0)) return false;
    const auto types = infer_outputs(graph_, node, true);
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      const ValueId id = node.outputs[i];
      if (id >= 0 && !graph_.values[id].is_static) return false;
      if (is_narrow_value(id) && (!types[i].is_tensor() || types[i].element != DataType::Float32))
        return false;
    }
    return true;
  }

  bool is_large_constant(const LoweredNode& node, std::size_t slot) const {
    return graph_.constant(node, slot) && graph_.constant(node, slot)->size() > small_constant;
  }

  /// Weights that a product packs, and operands of element-wise arithmetic, are widened where they are read.
  bool reads_narrow(const LoweredNode& node, std::size_t slot) const {
    if (!is_large_constant(node, slot)) return false;
    if (is_element_operator(node.op)) return true;
    if (slot != 1) return false;
    const std::size_t rank = graph_.input(node, slot).dims.size();
    const bool is_convolution = node.op == "Conv" || node.op == "ConvTranspose";
    return (is_convolution && rank >= 3) || ((node.op == "MatMul" || node.op == "Gemm") && rank == 2);
  }

  ValueId wide_value(ValueId id) {
    const ValueId twin = graph_.add_value(graph_.values[id].name);
    graph_.values[twin].element = DataType::Float32;
    graph_.values[twin].dims = graph_.values[id].dims;
    graph_.values[twin].is_static = true;
    wide_.emplace(id, twin);
    return twin;
  }

  void convert(ValueId from, ValueId to) {
    LoweredNode node;
    node.op = "Elementwise";
    node.inputs = {from};
    node.outputs = {to};
    node.program.inputs = 1;
    node.program.steps = {{ElementCode::Copy, 0}};
    made_.push_back(std::move(node));
  }

  ValueId make_wide(ValueId id) {
    if (const auto found = wide_.find(id); found != wide_.end()) return found->second;
    if (graph_.values[id].is_constant()) {
      const ValueId constant = graph_.add_constant(
          graph_.values[id].name, converted_elements(graph_.values[id].constant, DataType::Float32));
      wide_.emplace(id, constant);
      return constant;
    }
    const ValueId twin = wide_value(id);
    convert(id, twin);
    return twin;
  }

  /// Where only the twin was made so far, the 16-bit value is made from it.
  void make_narrow(ValueId id) {
    const auto found = only_wide_.find(id);
    if (found == only_wide_.end()) return;
    convert(found->second, id);
    only_wide_.erase(found);
  }

  void widen(LoweredNode node) {
    node.widened = true;
    for (std::size_t slot = 0; slot < node.inputs.size(); ++slot)
      if (is_narrow_value(node.inputs[slot]) && !reads_narrow(node, slot))
        node.inputs[slot] = make_wide(node.inputs[slot]);
    for (ValueId& output : node.outputs)
      if (is_narrow_value(output)) {
        const ValueId twin = wide_value(output);
        only_wide_.emplace(output, twin);
        output = twin;
      }
    made_.push_back(std::move(node));
  }

  void keep(LoweredNode node) {
    for (const ValueId input : node.inputs) make_narrow(input);
    made_.push_back(std::move(node));
  }

  LoweredGraph& graph_;
  std::vector<LoweredNode> made_;
  std::unordered_map<ValueId, ValueId> wide_;       ///< twins by 16-bit value
  std::unordered_map<ValueId, ValueId> only_wide_;  ///< of them, those whose 16-bit value nobody made yet
};

}  // namespace

void compute_in_float32(LoweredGraph& graph) {
  const bool has_narrow = std::any_of(graph.values.begin(), graph.values.end(),
                                      [](const LoweredValue& value) { return is_narrow(value.element); });
  if (has_narrow) Widening(graph).run();
}

}  // namespace lapidary::cpu
