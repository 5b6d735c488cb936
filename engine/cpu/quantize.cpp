#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/cpu/fusion.h"

// QuantizeLinear and DequantizeLinear become element-wise programs, so that they join what stands around
// them:
//   y = (x − zero point)·scale,  y = saturate(round(x / scale) + zero point)
namespace lapidary::cpu {
namespace {

/// Constant numbers, one for all or one for each index of an axis, as they broadcast against `rank` axes.
struct Parameter {
  std::vector<float> numbers;
  Dims dims;
  bool is_one() const { return numbers.size() == 1; }
};

std::optional<Parameter> parameter_of(const LoweredGraph& graph, const LoweredNode& node, std::size_t slot) {
  const Dims& dims = graph.input(node, 0).dims;
  if (!graph.has_input(node, slot)) return Parameter{{0.0f}, {}};
  const Tensor* constant = graph.constant(node, slot);
  if (!constant || !is_convertible(constant->type())) return std::nullopt;
  Parameter made;
  const Tensor numbers = converted_elements(*constant, DataType::Float32);
  made.numbers.assign(numbers.data<float>(), numbers.data<float>() + numbers.size());
  if (made.is_one()) return made;
  std::int64_t axis = node.node->attribute_or("axis", std::int64_t{1});
  if (axis < 0) axis += static_cast<std::int64_t>(dims.size());
  if (constant->dims().size() != 1 || axis < 0 || axis >= static_cast<std::int64_t>(dims.size()) ||
      dims[static_cast<std::size_t>(axis)] != constant->size())
    return std::nullopt;
  made.dims.assign(dims.size() - static_cast<std::size_t>(axis), 1);
  made.dims[0] = constant->size();
  return made;
}

bool can_become_program(const LoweredGraph& graph, const LoweredNode& node) {
  const bool quantizes = node.op == "QuantizeLinear";
  if (node.dead || (!quantizes && node.op != "DequantizeLinear")) return false;
  if (!normalized_domain(node.node->domain).empty() ||
      node.node->attribute_or("block_size", std::int64_t{0}) != 0)
    return false;
  const LoweredValue &x = graph.input(node, 0), &y = graph.output(node);
  const LoweredValue& whole = quantizes ? y : x;
  const LoweredValue& real = quantizes ? x : y;
  if (!x.is_static || !y.is_static || x.is_constant() || x.size() == 0 || x.dims.size() > 8) return false;
  const Tensor* scale = graph.constant(node, 1);
  return real.element == DataType::Float32 && is_integer(whole.element) && is_convertible(whole.element) &&
         bits_of(whole.element) <= 32 && scale && scale->type() == DataType::Float32;
}

/// Appends a step with a constant second operand.
void add_step(LoweredGraph& graph, int index, ElementCode code, const Parameter& parameter) {
  const ValueId constant = graph.add_constant("", Tensor::of(parameter.dims, parameter.numbers));
  const int slot = graph.append_input(index, constant);
  graph.nodes[index].program.steps.push_back({code, -1, slot});
}

void become_program(LoweredGraph& graph, int index) {
  const auto scale = parameter_of(graph, graph.nodes[index], 1),
             zero = parameter_of(graph, graph.nodes[index], 2);
  if (!scale || !zero) return;
  for (std::size_t slot = 1; slot < graph.nodes[index].inputs.size(); ++slot)
    graph.set_input(index, slot, -1);
  graph.nodes[index].inputs.resize(1);
  const bool quantizes = graph.nodes[index].op == "QuantizeLinear";
  auto& steps = graph.nodes[index].program.steps;
  const auto add_zero_point = [&] {
    if (!zero->is_one())
      add_step(graph, index, quantizes ? ElementCode::Add : ElementCode::Sub, *zero);
    else if (zero->numbers[0] != 0)
      steps.push_back({ElementCode::Affine, -1, -1, 1, quantizes ? zero->numbers[0] : -zero->numbers[0]});
  };
  if (quantizes) {
    add_step(graph, index, ElementCode::Div, *scale);
    steps.push_back({ElementCode::Round, -1});
    add_zero_point();
  } else {
    add_zero_point();
    if (scale->is_one())
      steps.push_back({ElementCode::Affine, -1, -1, scale->numbers[0], 0});
    else
      add_step(graph, index, ElementCode::Mul, *scale);
  }
  LoweredNode& node = graph.nodes[index];
  node.program.inputs = static_cast<int>(node.inputs.size());
  for (std::size_t i = 0; i < steps.size(); ++i)
    steps[i].a = i == 0 ? 0 : node.program.inputs + static_cast<int>(i) - 1;
  node.op = "Elementwise";
  node.record = nullptr;
}

}  // namespace

void expand_quantization(LoweredGraph& graph) {
  for (int i = 0; i < static_cast<int>(graph.nodes.size()); ++i)
    if (can_become_program(graph, graph.nodes[i])) become_program(graph, i);
}

}  // namespace lapidary::cpu
