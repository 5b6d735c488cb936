#include "engine/ops/iteration.h"

#include <algorithm>

#include "engine/ops/arguments.h"
#include "engine/ops/element_move.h"

namespace lapidary {
namespace {

using ConstantFinder = std::function<const Tensor*(const Graph*, const std::string&)>;

/// A flag that is known before the model runs.
std::optional<bool> known_flag(const Tensor* tensor) {
  if (!tensor || tensor->type() != DataType::Bool || tensor->size() != 1) return std::nullopt;
  return tensor->data<bool>()[0];
}

/// Whether the body's condition is the one that it was given.
bool passes_condition_on(const Graph& body) {
  std::string name = body.outputs[0].name;
  for (auto node = body.nodes.size(); node-- > 0;)
    if (body.nodes[node]->op_type == "Identity" && body.nodes[node]->outputs[0] == name)
      name = body.nodes[node]->inputs[0];
  return name == body.inputs[1].name;
}

std::optional<std::int64_t> loop_iterations(const Node& node, const ConstantFinder& constant) {
  const auto body = node.attribute_or("body", GraphPointer());
  if (!body || body->inputs.size() < 2 || body->outputs.empty()) return std::nullopt;
  const auto given = [&](std::size_t index) {
    return index < node.inputs.size() && !node.inputs[index].empty();
  };
  const auto begins = given(1) ? known_flag(constant(nullptr, node.inputs[1])) : true;
  if (begins == false) return 0;
  const Tensor* limit = given(0) ? constant(nullptr, node.inputs[0]) : nullptr;
  if (!begins || !limit || limit->size() != 1) return std::nullopt;
  const auto most = std::max<std::int64_t>(0, values_as<std::int64_t>(*limit)[0]);
  const auto goes_on =
      passes_condition_on(*body) ? true : known_flag(constant(body.get(), body->outputs[0].name));
  if (!goes_on) return std::nullopt;
  return *goes_on ? most : std::min<std::int64_t>(1, most);
}

/// Version 8 (it has no axes) walks axis 1 once for each entry of axis 0.
std::optional<std::int64_t> scan_iterations(const Node& node, const std::vector<Type>& inputs) {
  const auto scanned = node.attribute_or("num_scan_inputs", std::int64_t{0});
  if (inputs.empty() || !inputs.back().shape) return std::nullopt;
  const Shape& shape = *inputs.back().shape;
  const auto body = node.attribute_or("body", GraphPointer());
  if (!body || scanned < 1) return std::nullopt;
  if (inputs.size() == body->inputs.size() + 1) {
    if (shape.size() < 2 || !shape[0].is_constant() || !shape[1].is_constant()) return std::nullopt;
    return shape[0].value() * shape[1].value();
  }
  const auto axes = node.attribute_or("scan_input_axes", std::vector<std::int64_t>{});
  const auto rank = static_cast<std::int64_t>(shape.size());
  std::int64_t axis = axes.empty() ? 0 : axes.back();
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank || !shape[static_cast<std::size_t>(axis)].is_constant()) return std::nullopt;
  return shape[static_cast<std::size_t>(axis)].value();
}

}  // namespace

std::optional<std::int64_t> known_iterations(const Node& node, const std::vector<Type>& inputs,
                                             const ConstantFinder& constant) {
  if (node.op_type == "Loop") return loop_iterations(node, constant);
  if (node.op_type == "Scan") return scan_iterations(node, inputs);
  if (node.op_type == "SequenceMap") return std::nullopt;
  return 1;
}

Tensor joined_iterations(const KernelContext& context, const Graph& body, std::size_t output,
                         std::vector<Tensor> parts, std::int64_t axis) {
  if (!parts.empty()) {
    const std::int64_t new_axis = KernelContext::normalized_axis(axis, parts.front().rank() + 1);
    return stacked(std::move(parts), new_axis);
  }
  const Type& declared = body.outputs[output].type;
  Dims dims;
  for (const auto& size : declared.shape.value_or(Shape{})) dims.push_back(size.value_or(0));
  dims.insert(dims.begin() + KernelContext::normalized_axis(axis, static_cast<std::int64_t>(dims.size()) + 1),
              0);
  const DataType type = declared.is_tensor() ? declared.element : DataType::Float32;
  return Tensor(context.made_type(type), std::move(dims));
}

std::vector<Type> infer_iterated(InferenceContext& context, const Graph& body, std::vector<Type> inputs,
                                 std::size_t first_input, std::size_t first_output, std::size_t count) {
  // A body may declare as optional what the first iteration is given plainly.
  for (std::size_t i = first_input; i < first_input + count && i < body.inputs.size(); ++i)
    if (body.inputs[i].type.kind == Type::Kind::Optional && inputs[i].is_known() &&
        inputs[i].kind != Type::Kind::Optional)
      inputs[i] = Type::optional(inputs[i]);
  std::vector<Type> results;
  // Two rounds find what changes; the third settles what depends on it.
  for (int round = 0; round < 3; ++round) {
    results = context.infer_subgraph(body, inputs);
    bool settled = true;
    for (std::size_t i = 0; i < count && first_output + i < results.size(); ++i) {
      Type& input = inputs[first_input + i];
      Type& result = results[first_output + i];
      const Type common = common_type(input, result);
      settled = settled && to_string(common) == to_string(input);
      input = result = common;
    }
    if (settled) break;
  }
  return results;
}

Type with_new_axis(const Type& type, const Dimension& size, std::int64_t axis) {
  Type result = type;
  if (!result.shape) return result;
  const auto rank = static_cast<std::int64_t>(result.shape->size()) + 1;
  const std::int64_t place = axis < 0 ? axis + rank : axis;
  if (place < 0 || place >= rank)
    result.shape.reset();
  else
    result.shape->insert(result.shape->begin() + place, size);
  return result;
}

Type without_axis(const Type& type, std::int64_t axis) {
  Type result = type;
  if (!result.shape) return result;
  const auto rank = static_cast<std::int64_t>(result.shape->size());
  const std::int64_t place = axis < 0 ? axis + rank : axis;
  if (place < 0 || place >= rank)
    result.shape.reset();
  else
    result.shape->erase(result.shape->begin() + place);
  return result;
}

}  // namespace lapidary
