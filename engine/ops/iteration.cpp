#include "engine/ops/iteration.h"

#include "engine/ops/arguments.h"
#include "engine/ops/element_move.h"

namespace lapidary {

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
