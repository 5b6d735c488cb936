#include "engine/ops/element_move.h"
#include "engine/ops/microsoft/quantized.h"

namespace lapidary::microsoft {
namespace {

/// Operators on quantized tensors: each input is dequantized, the standard's operator applied, the result
/// quantized.

template <const char* op_type>
void quantized_binary(KernelContext& context) {
  const Tensor y = compute(context, op_type, {dequantized(context, 0), dequantized(context, 3)});
  context.set_output(0, requantized(context, y, 6));
}

template <const char* op_type>
void quantized_unary(KernelContext& context) {
  const Tensor y =
      compute(context, op_type, {dequantized(context, 0)}, attributes_of(context.node(), {"alpha"}));
  context.set_output(0, requantized(context, y, 3));
}

void quantized_softmax(KernelContext& context) {
  const Tensor y = compute(context, "Softmax", {dequantized(context, 0)},
                           attributes_of(context.node(), {"axis"}), context.integer("opset", 13));
  context.set_output(0, requantized(context, y, 3));
}

void quantized_reduce_mean(KernelContext& context) {
  const Tensor y = compute(context, "ReduceMean", {dequantized(context, 0)},
                           attributes_of(context.node(), {"axes", "keepdims"}), 13);
  context.set_output(0, requantized(context, y, 3));
}

void quantized_where(KernelContext& context) {
  const Tensor y =
      compute(context, "Where", {context.input(0), dequantized(context, 1), dequantized(context, 4)});
  context.set_output(0, requantized(context, y, 7));
}

/// Inputs: the result's scale and zero point, then tensor, scale and zero point of each part.
void quantized_concat(KernelContext& context) {
  if (context.input_count() % 3 != 2) throw Error("each part needs a tensor, a scale and a zero point");
  std::vector<Tensor> parts;
  for (std::size_t index = 2; index < context.input_count(); index += 3)
    parts.push_back(dequantized(context, index));
  const Tensor y = compute(context, "Concat", std::move(parts), attributes_of(context.node(), {"axis"}));
  context.set_output(0, requantized(context, y, 0));
}

void infer_quantized_concat(InferenceContext& context) {
  std::vector<std::size_t> parts;
  for (std::size_t index = 2; index < context.input_count(); index += 3) parts.push_back(index);
  infer_as("Concat", parts)(context);
}

/// (A − zero point) · (B − zero point) in 32 bits.
void integer_product(KernelContext& context) {
  const auto difference = [&](std::size_t index) {
    const Attributes to_int32{{"to", static_cast<std::int64_t>(DataType::Int32)}};
    const Tensor value = compute(context, "Cast", {context.input(index)}, to_int32);
    if (!context.has_input(index + 1)) return value;
    return compute(context, "Sub", {value, compute(context, "Cast", {context.input(index + 1)}, to_int32)});
  };
  context.set_output(0, compute(context, "Mul", {difference(0), difference(2)}));
}

Operator quantized_operator(const char* name, const char* summary, KernelFunction kernel, double flops) {
  return record(name, OperatorKind::Quantization)
      .summary(summary)
      .constraint("T", bytes())
      .kernel(kernel)
      .cost(per_element(flops));
}

constexpr char add_name[] = "Add", mul_name[] = "Mul", sigmoid_name[] = "Sigmoid",
               leaky_relu_name[] = "LeakyRelu";

void register_binary(OperatorTable& table) {
  const auto binary = [](const char* name, const char* summary, KernelFunction kernel, const char* standard) {
    Operator base = quantized_operator(name, summary, kernel, 7);
    with_quantized_input(with_quantized_input(base, "A", "First operand."), "B", "Second operand.");
    return with_quantized_output(base, "C", "The result, broadcast.")
        .infer(infer_as(standard, {0, 3}))
        .example(
            "A = uint8[2]{10, 20}; A_scale = float{0.5}; B = uint8[2]{4, 8}; B_scale = float{0.25}; "
            "B_zero_point = uint8{4}; C_scale = float{0.5}");
  };
  table.add(binary("QLinearAdd", "Sum of two quantized tensors, quantized again.", quantized_binary<add_name>,
                   "Add"));
  table.add(binary("QLinearMul", "Product of two quantized tensors, quantized again.",
                   quantized_binary<mul_name>, "Mul"));
  table.add(record("MulInteger", OperatorKind::Quantization)
                .summary("Product of 8-bit integers less their zero points, in 32 bits.")
                .input("A", "T", "First operand.")
                .optional_input("A_zero_point", "T", "Scalar: subtracted from A; 0.")
                .input("B", "T", "Second operand.")
                .optional_input("B_zero_point", "T", "Scalar: subtracted from B; 0.")
                .output("C", "T1", "Products, broadcast.")
                .constraint("T", bytes())
                .constraint("T1", {"tensor(int32)"})
                .infer([](InferenceContext& context) {
                  context.set_output(0, DataType::Int32,
                                     broadcast(context, {context.input_shape(0), context.input_shape(2)}));
                })
                .kernel(integer_product)
                .cost(per_element(3))
                .example("A = uint8[2]{10, 20}; A_zero_point = uint8{5}; B = uint8[2]{1, 2}"));
}

void register_unary(OperatorTable& table) {
  const auto unary = [](const char* name, const char* summary, KernelFunction kernel, double flops) {
    Operator base = quantized_operator(name, summary, kernel, flops).infer(same_as_input);
    with_quantized_input(base, "X", "The tensor to work on.");
    return with_quantized_output(base, "Y", "The result, of the same sizes.")
        .example(
            "X = uint8[3]{100, 128, 160}; X_scale = float{0.1}; X_zero_point = uint8{128}; "
            "Y_scale = float{0.01}; Y_zero_point = uint8{50}");
  };
  table.add(unary("QLinearSigmoid", "1 / (1 + e⁻ˣ) of a quantized tensor, quantized again.",
                  quantized_unary<sigmoid_name>, 16));
  table.add(unary("QLinearLeakyRelu", "LeakyRelu of a quantized tensor, quantized again.",
                  quantized_unary<leaky_relu_name>, 6)
                .attribute("alpha", 0.01f, "Slope below 0."));
  // The parameters' names differ in case from one operator to the next.
  table.add(
      quantized_operator("QLinearSoftmax", "Softmax of a quantized tensor, quantized again.",
                         quantized_softmax, 17)
          .optional_attribute(
              "axis", AttributeType::Int,
              "Axis that is normalized, −1 if absent; for opset below 13 the first of them, 1 if absent.")
          .required_attribute("opset", AttributeType::Int, "Operator set whose Softmax is meant.")
          .input("X", "T", "The tensor to work on.")
          .input("X_scale", "tensor(float)", "Its scale.")
          .optional_input("x_zero_point", "T", "Its zero point; 0.")
          .input("y_scale", "tensor(float)", "Scale of the result.")
          .input("y_zero_point", "T", "Zero point of the result.")
          .output("Y", "T", "Probabilities, of the same sizes.")
          .infer(same_as_input)
          .example("X = uint8[3]{10, 20, 30}; X_scale = float{0.1}; y_scale = float{0.0039}; "
                   "y_zero_point = uint8{0}; opset = 13"));
}

void register_others(OperatorTable& table) {
  Operator mean =
      quantized_operator("QLinearReduceMean", "Mean of quantized values along axes, quantized again.",
                         quantized_reduce_mean, 4)
          .required_attribute("axes", AttributeType::Ints, "Axes that are averaged.")
          .required_attribute("keepdims", AttributeType::Int, "1 to keep them with size 1.");
  with_quantized_input(mean, "data", "What is averaged.");
  table.add(
      with_quantized_output(mean, "reduced", "Means.")
          .infer(infer_as("ReduceMean", {0}, 13))
          .cost(per_input_element(3))
          .example("data = uint8[2, 2]{1, 3, 5, 7}; data_scale = float{0.5}; reduced_scale = float{0.5}; "
                   "axes = [1]; keepdims = 0"));
  Operator where =
      quantized_operator("QLinearWhere",
                         "Elements of X where the condition holds, else of Y, in the result's scale.",
                         quantized_where, 5)
          .constraint("B", {"tensor(bool)"})
          .constraint("TF", {"tensor(float)"})
          .input("condition", "B", "Which one is taken.");
  for (const auto& [name, lower] : {std::pair("X", "x"), std::pair("Y", "y")})
    where.input(name, "T", "Quantized elements.")
        .input(lower + std::string("_scale"), "TF", "Their scale.")
        .input(lower + std::string("_zero_point"), "T", "Their zero point.");
  table.add(where.input("z_scale", "TF", "Scale of the result.")
                .input("z_zero_point", "T", "Zero point of the result.")
                .output("Z", "T", "The result, broadcast.")
                .infer(infer_as("Where", {0, 1, 4}))
                .example("condition = bool[2]{true, false}; X = uint8[2]{10, 20}; x_scale = float{0.5}; "
                         "x_zero_point = uint8{0}; Y = uint8[2]{30, 40}; y_scale = float{0.25}; "
                         "y_zero_point = uint8{20}; z_scale = float{0.5}; z_zero_point = uint8{0}"));
  table.add(
      record("QLinearConcat", OperatorKind::Quantization)
          .summary("Quantized tensors joined along an axis, all brought to one scale.")
          .required_attribute("axis", AttributeType::Int, "Axis along which they are joined.")
          .input("Y_scale", "TF", "Scale of the result.")
          .input("Y_zero_point", "T8", "Zero point of the result.")
          .variadic_input("inputs", "TV", "Tensor, scale and zero point of each part, one after the other.",
                          1, false)
          .output("Y", "T8", "The joined tensor.")
          .constraint("T8", bytes())
          .constraint("TF", {"tensor(float)"})
          .constraint("TV", types::tensors({"uint8", "int8", "float"}))
          .infer(infer_quantized_concat)
          .kernel(quantized_concat)
          .cost(per_element(4))
          .example(
              "Y_scale = float{0.5}; Y_zero_point = uint8{0}; a = uint8[1]{3}; a_scale = float{0.5}; "
              "a_zero_point = uint8{0}; b = uint8[1]{8}; b_scale = float{0.25}; b_zero_point = uint8{0}; "
              "axis = 0"));
}

}  // namespace

Tensor dequantized(const KernelContext& context, std::size_t index) {
  return compute(context, "DequantizeLinear",
                 {context.input(index), context.input(index + 1), input_or_absent(context, index + 2)});
}

Tensor requantized(const KernelContext& context, const Tensor& y, std::size_t scale, DataType type) {
  Tensor zero = input_or_absent(context, scale + 1);
  if (!zero.is_present()) zero = zeros_like(Tensor(type, {0}), context.input(scale).dims());
  return compute(context, "QuantizeLinear", {y, context.input(scale), zero});
}

Tensor requantized(const KernelContext& context, const Tensor& y, std::size_t scale) {
  return requantized(context, y, scale, context.input(0).type());
}

Operator& with_quantized_input(Operator& record, const std::string& name, const std::string& description) {
  return record.input(name, "T", description)
      .input(name + "_scale", "tensor(float)", "Scale of " + name + ".")
      .optional_input(name + "_zero_point", "T", "Zero point of " + name + "; 0.");
}

Operator& with_quantized_output(Operator& record, const std::string& name, const std::string& description) {
  return record.input(name + "_scale", "tensor(float)", "Scale of the result.")
      .optional_input(name + "_zero_point", "T", "Zero point of the result; 0.")
      .output(name, "T", description);
}

void register_quantized_elementwise(OperatorTable& table) {
  register_binary(table);
  register_unary(table);
  register_others(table);
}

}  // namespace lapidary::microsoft
