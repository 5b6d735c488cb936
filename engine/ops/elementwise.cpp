#include "engine/ops/elementwise.h"

namespace lapidary {
namespace {

/// B with axes of size 1 appended, so that its first axis meets axis `axis` of A (opset 1 to 6).
Tensor aligned_at_axis_before_7(const Tensor& a, const Tensor& b, std::int64_t axis) {
  axis = KernelContext::normalized_axis(axis, a.rank());
  Dims dims = b.dims();
  const std::int64_t trailing = a.rank() - axis - b.rank();
  if (trailing < 0)
    throw Error("cannot place " + to_string(dims) + " at axis " + std::to_string(axis) + " of " +
                to_string(a.dims()));
  dims.resize(dims.size() + static_cast<std::size_t>(trailing), 1);
  return b.reshaped(dims);
}

}  // namespace

Operands broadcast_operands(KernelContext& context) {
  Operands operands{context.input(0), context.input(1), {}};
  if (context.version() < 7 && context.has_attribute("axis"))
    operands.b = aligned_at_axis_before_7(operands.a, operands.b, context.integer("axis", 0));
  operands.dims = broadcast_dims(operands.a.dims(), operands.b.dims());
  return operands;
}

void require_same_type(const Tensor& a, const Tensor& b) {
  if (a.type() != b.type())
    throw Error("operands have different element types: " + std::string(name_of(a.type())) + " and " +
                std::string(name_of(b.type())));
}

Operator unary_operator(std::string name, int version, OperatorKind kind, std::string summary,
                        types::List element_types, std::string input, std::string output) {
  const std::string example = input + " = float[5]{-1, -0.5, 0, 0.5, 1}";
  return Operator(std::move(name), version, kind)
      .summary(std::move(summary))
      .input(std::move(input), "T", "The tensor to work on.")
      .output(std::move(output), "T", "The result, of the same sizes.")
      .constraint("T", std::move(element_types))
      .infer(same_as_input)
      .example(example);
}

Operator binary_operator(std::string name, int version, OperatorKind kind, std::string summary,
                         types::List element_types) {
  return Operator(std::move(name), version, kind)
      .summary(std::move(summary))
      .input("A", "T", "First operand.")
      .input("B", "T", "Second operand.")
      .output("C", "T", "The result, of the sizes that broadcasting gives.")
      .constraint("T", std::move(element_types))
      .infer(broadcast_inputs)
      .example("A = float[2, 2]{1..4}; B = float[2]{10, 20}")
      .cost(per_element(1));
}

Operator with_consumed_inputs(const Operator& record, int version) {
  return record.at(version).optional_attribute("consumed_inputs", AttributeType::Ints,
                                               "Left from a form that worked in place; ignored.");
}

Operator with_axis_broadcast(const Operator& record, int version) {
  const InferenceFunction inference = record.outputs.at(0).type == "T" ? same_as_input : bool_like_input;
  return record.at(version)
      .infer(inference)
      .example(record.example_text + "; broadcast = 1")
      .optional_attribute("axis", AttributeType::Int,
                          "Axis of A at which the axes of B begin; the last ones if absent.")
      .attribute("broadcast", std::int64_t{0}, "1 to repeat B along the axes that it lacks.");
}

void bool_like_input(InferenceContext& context) {
  context.set_output(0, DataType::Bool, context.input_shape(0));
}

}  // namespace lapidary
