#include <algorithm>

#include "engine/ops/example.h"
#include "tests/differential/call.h"

namespace lapidary::differential {
namespace {

/// An element type that can stand in for the example's: a floating one for a floating one, and the same for
/// integers and for packed types.
DataType similar_type(Call& call, const std::string& constraint, DataType example) {
  if (call.is_bound(constraint)) return call.type(constraint);
  std::vector<DataType> similar;
  for (const DataType type : call.permitted(constraint))
    if (is_floating(type) == is_floating(example) && is_integer(type) == is_integer(example) &&
        is_sub_byte(type) == is_sub_byte(example) && (bits_of(type) < 16) == (bits_of(example) < 16))
      similar.push_back(type);
  const DataType chosen = similar.empty() || call.random.chance(0.7) ? example : call.random.pick(similar);
  call.bind(constraint, chosen);
  return chosen;
}

/// The tensor's places along its first axis over and over again up to `size`.
Tensor with_rows(const Tensor& tensor, std::int64_t size) {
  Dims dims = tensor.dims();
  dims[0] = size;
  const std::int64_t row = tensor.size() / tensor.dims()[0];
  const auto values = values_as<double>(tensor);
  std::vector<double> result;
  for (std::int64_t i = 0; i < size; ++i)
    for (std::int64_t k = 0; k < row; ++k)
      result.push_back(values[static_cast<std::size_t>(i % tensor.dims()[0] * row + k)]);
  return tensor_from(tensor.type(), dims, result);
}

/// More or fewer rows in all inputs that have as many as the first.
void change_rows(Call& call, std::vector<Datum>& inputs) {
  if (inputs.empty() || !inputs[0].is_tensor() || inputs[0].tensor().rank() < 2) return;
  const std::int64_t rows = inputs[0].tensor().dims()[0], wanted = call.random.between(1, 7);
  for (auto& input : inputs)
    if (input.is_tensor() && !input.tensor().is_string() && input.tensor().rank() > 0 && rows > 0 &&
        input.tensor().dims()[0] == rows)
      input = with_rows(input.tensor(), wanted);
}

/// Integers mostly name places or sizes, so they only change places.
Tensor shuffled(Random& random, const Tensor& tensor) {
  auto values = values_as<double>(tensor);
  random.shuffle(values);
  return tensor_from(tensor.type(), tensor.dims(), values);
}

/// What extreme numbers leave of others in a sum, and what NaN does there, is each engine's own affair.
bool adds_up(const Operator& record) {
  return record.kind != OperatorKind::ElementWise && record.kind != OperatorKind::Activation &&
         record.kind != OperatorKind::ShapeAndLayout;
}

void give_tensor(Call& call, const Tensor& example) {
  const std::size_t slot = call.node.inputs.size();
  const auto& parameters = call.record.inputs;
  const std::string& constraint = parameters[std::min(slot, parameters.size() - 1)].type;
  const bool is_number = is_floating(example.type()) || is_integer(example.type());
  if (!is_number) return call.given(example);
  const DataType type = similar_type(call, constraint, example.type());
  const bool is_plain = is_floating(example.type()) && bits_of(example.type()) >= 16;
  if (is_plain && call.random.chance(0.6))
    return void(
        call.sized(example.dims(), adds_up(call.record) ? std::optional(Fill::Ordinary) : std::nullopt));
  const Tensor tensor = converted(example, type);
  call.given(!is_plain && call.random.chance(0.3) ? shuffled(call.random, tensor) : tensor);
}

/// Seldom another number; what the operator cannot do with it refuses itself.
void vary_attributes(Call& call) {
  for (auto& attribute : call.node.attributes) {
    if (auto* number = std::get_if<float>(&attribute.value); number && call.random.chance(0.3))
      *number = static_cast<float>(call.random.between_reals(0.1, 2));
  }
  for (const auto& attribute : call.record.attributes) {
    const auto* otherwise = std::get_if<std::int64_t>(&attribute.default_value);
    if (!otherwise || (*otherwise != 0 && *otherwise != 1) || call.node.find_attribute(attribute.name))
      continue;
    if (call.random.chance(0.15)) call.set(attribute.name, 1 - *otherwise);
  }
}

}  // namespace

void from_example(Call& call) {
  Example example = read_example(call.record);
  if (call.random.chance(0.3)) change_rows(call, example.inputs);
  for (const auto& input : example.inputs) {
    if (!input.is_present())
      call.absent();
    else if (input.is_tensor())
      give_tensor(call, input.tensor());
    else
      call.container(input);
  }
  call.node.attributes = example.node.attributes;
  vary_attributes(call);
  for (const auto& output : example.node.outputs)
    call.node.outputs.push_back(output.empty() ? "" : call.draft.fresh_name());
}

}  // namespace lapidary::differential
