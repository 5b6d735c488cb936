#include "engine/ops/element_move.h"
#include "engine/ops/matmul.h"
#include "engine/ops/microsoft/quantized.h"

namespace lapidary::microsoft {
namespace {

Attributes cast_to(DataType type) { return {{"to", static_cast<std::int64_t>(type)}}; }

Tensor plus(const KernelContext& context, Tensor y, const Tensor& bias) {
  return bias.is_present() ? compute(context, "Add", {std::move(y), bias}) : y;
}

// --- QGemm ---

Tensor matrix(const KernelContext& context, std::size_t index, const char* transposing) {
  const Tensor& tensor = context.input(index);
  return context.integer(transposing, 0) != 0 ? transposed(tensor, {1, 0}) : tensor;
}

/// alpha · a_scale · b_scale · ((A − zero)·(B − zero) + C), quantized again where a scale for that is given.
void quantized_gemm(KernelContext& context) {
  Tensor sum = compute(context, "MatMulInteger",
                       {matrix(context, 0, "transA"), matrix(context, 3, "transB"),
                        input_or_absent(context, 2), input_or_absent(context, 5)});
  sum = plus(context, std::move(sum), input_or_absent(context, 6));
  const Tensor scale = compute(context, "Mul", {context.input(1), context.input(4)});
  const Tensor factor =
      compute(context, "Mul",
              {scale, tensor_from(scale.type(), {}, std::vector<double>{double(context.real("alpha", 1))})});
  const Tensor y = compute(context, "Mul", {compute(context, "Cast", {sum}, cast_to(scale.type())), factor});
  context.set_output(0, context.has_input(7) ? requantized(context, y, 7, DataType::UInt8) : y);
}

void infer_quantized_gemm(InferenceContext& context) {
  const auto types = infer_call(context, "Gemm",
                                {Type::tensor(DataType::Float32, context.input_shape(0)),
                                 Type::tensor(DataType::Float32, context.input_shape(3))},
                                attributes_of(context.node(), {"transA", "transB"}));
  const DataType element = !context.has_input(7)  ? DataType::Float32
                           : context.has_input(8) ? context.input_element(8)
                                                  : DataType::UInt8;
  context.set_output(0, element, types.at(0).shape);
}

// --- MatMulIntegerToFloat, DynamicQuantizeMatMul, MatMulInteger16 ---

void matmul_integer_to_float(KernelContext& context) {
  context.set_output(0, scaled_product(context, context.input(0), context.input(1), context.input(2),
                                       context.input(3), input_or_absent(context, 4),
                                       input_or_absent(context, 5), input_or_absent(context, 6)));
}

void dynamic_quantize_matmul(KernelContext& context) {
  const auto a = compute_all(context, "DynamicQuantizeLinear", {context.input(0)}, {}, 3);
  context.set_output(0, scaled_product(context, a[0], context.input(1), a[1], context.input(2), a[2],
                                       input_or_absent(context, 3), input_or_absent(context, 4)));
}

void infer_product_as(InferenceContext& context, DataType element) {
  context.set_output(0, element, matmul_shape(context, context.input_shape(0), context.input_shape(1)));
}

DataType product_of_16_bits(DataType a, DataType b) {
  return a == DataType::UInt16 && b == DataType::UInt16 ? DataType::UInt32 : DataType::Int32;
}

void matmul_integer_16(KernelContext& context) {
  const Attributes wide = cast_to(product_of_16_bits(context.input(0).type(), context.input(1).type()));
  const auto factor = [&](std::size_t index) {
    return compute(context, "Cast", {context.input(index)}, wide);
  };
  context.set_output(0, compute(context, "MatMul", {factor(0), factor(1)}));
}

// --- records ---

void register_gemm(OperatorTable& table) {
  table.add(
      record("QGemm", OperatorKind::Quantization)
          .summary("alpha · A · B + C of quantized matrices, quantized again if a scale for that is given.")
          .attribute("alpha", 1.0f, "Factor of the product.")
          .attribute("transA", std::int64_t{0}, "1 if A is [K, M].")
          .attribute("transB", std::int64_t{0}, "1 if B is [N, K].")
          .input("A", "TA", "Left factor [M, K].")
          .input("a_scale", "T", "Its scale.")
          .input("a_zero_point", "TA", "Its zero point.")
          .input("B", "TB", "Right factor [K, N].")
          .input("b_scale", "T", "Its scale: one, or one a column.")
          .input("b_zero_point", "TB", "Its zero point, as many as scales.")
          .optional_input("C", "TC", "Added before scaling, broadcast to [M, N]; its scale is that of A · B.")
          .optional_input("y_scale", "T", "Scale of the result, which is float if it is left out.")
          .optional_input("y_zero_point", "TYZ", "Zero point of the result.")
          .output("Y", "TY", "Result [M, N].")
          .constraint("T", {"tensor(float)"})
          .constraint("TA", bytes())
          .constraint("TB", bytes())
          .constraint("TC", {"tensor(int32)"})
          .constraint("TYZ", bytes())
          .constraint("TY", types::tensors({"float", "uint8", "int8"}))
          .infer(infer_quantized_gemm)
          .kernel(quantized_gemm)
          .cost(cost_as("Gemm", {0, 3}, 4))
          .example("A = uint8[1, 2]{11, 12}; a_scale = float{0.5}; a_zero_point = uint8{10}; "
                   "B = int8[2, 1]{3, -4}; b_scale = float{0.25}; b_zero_point = int8{0}; C = int32[1]{8}"));
}

void register_products(OperatorTable& table) {
  table.add(
      record("MatMulIntegerToFloat", OperatorKind::Quantization)
          .summary(
              "Matrix product of 8-bit integers less their zero points, times their scales, plus a bias.")
          .input("A", "T1", "Left factor […, M, K].")
          .input("B", "T2", "Right factor […, K, N].")
          .input("a_scale", "T3", "Scale of A.")
          .input("b_scale", "T3", "Scale of B: one, or one a column.")
          .optional_input("a_zero_point", "T1", "Zero point of A; 0.")
          .optional_input("b_zero_point", "T2", "Zero point of B, as many as scales; 0.")
          .optional_input("bias", "T3", "Bias [N].")
          .output("Y", "T3", "Product […, M, N].")
          .constraint("T1", bytes())
          .constraint("T2", bytes())
          .constraint("T3", types::tensors({"float", "float16"}))
          .infer([](InferenceContext& context) { infer_product_as(context, context.input_element(2)); })
          .kernel(matmul_integer_to_float)
          .cost(cost_as("MatMul", {0, 1}, 3))
          .example(
              "A = uint8[1, 2]{11, 12}; B = int8[2, 1]{3, -4}; a_scale = float{0.5}; b_scale = float{0.25}; "
              "a_zero_point = uint8{10}; bias = float[1]{1}"));
  table.add(record("DynamicQuantizeMatMul", OperatorKind::Quantization)
                .summary("Quantizes A to 8 bits by its own range, then multiplies it with quantized B.")
                .input("A", "T1", "Left factor […, M, K].")
                .input("B", "T2", "Right factor […, K, N].")
                .input("b_scale", "T1", "Scale of B: one, or one a column.")
                .optional_input("b_zero_point", "T2", "Zero point of B, as many as scales; 0.")
                .optional_input("bias", "T1", "Bias [N].")
                .output("Y", "T1", "Product […, M, N].")
                .constraint("T1", {"tensor(float)"})
                .constraint("T2", bytes())
                .infer([](InferenceContext& context) { infer_product_as(context, context.input_element(0)); })
                .kernel(dynamic_quantize_matmul)
                .cost(cost_as("MatMul", {0, 1}, 3))
                .example("A = float[1, 2]{0.5, -1}; B = int8[2, 1]{3, -4}; b_scale = float{0.25}"));
  const types::List sixteen = types::tensors({"int16", "uint16"});
  table.add(record("MatMulInteger16", OperatorKind::MatrixAndConvolution)
                .summary("Matrix product of 16-bit integers in 32 bits.")
                .input("A", "T1", "Left factor […, M, K].")
                .input("B", "T2", "Right factor […, K, N].")
                .output("Y", "T3", "Product […, M, N]; unsigned if both factors are.")
                .constraint("T1", sixteen)
                .constraint("T2", sixteen)
                .constraint("T3", types::tensors({"int32", "uint32"}))
                .infer([](InferenceContext& context) {
                  infer_product_as(context,
                                   product_of_16_bits(context.input_element(0), context.input_element(1)));
                })
                .kernel(matmul_integer_16)
                .cost(cost_as("MatMul"))
                .example("A = int16[1, 2]{300, -2}; B = int16[2, 1]{200, 5}"));
}

// --- QuantizeLinear and DequantizeLinear: those of the standard, with 4 and 16 bits from the beginning ---

void register_quantization(OperatorTable& table) {
  const types::List wide = types::tensors({"float16", "float"});
  types::List narrow = types::tensors({"int8", "uint8", "int16", "uint16", "int4", "uint4"});
  const auto twin = [](const char* name, const char* summary, KernelFunction kernel) {
    return record(name, OperatorKind::Quantization)
        .summary(summary)
        .attribute("axis", std::int64_t{1}, "Axis along which scales differ, where there are several.")
        .attribute("block_size", std::int64_t{0},
                   "Elements along the axis that share a scale; 0 without blocks.")
        .infer(infer_as(name))
        .kernel(kernel)
        .cost(per_element(2));
  };
  table.add(twin("QuantizeLinear", "round(x / scale) + zero point, limited to the narrow type.",
                 [](KernelContext& context) { run_as(context, "QuantizeLinear"); })
                .input("x", "T1", "What is quantized.")
                .input("y_scale", "T1", "Scale: one, one for each index of the axis, or one for each block.")
                .optional_input("y_zero_point", "T2", "Zero point, of the scale's sizes; uint8 0 if absent.")
                .output("y", "T2", "Quantized elements, of the sizes of x.")
                .constraint("T1", wide)
                .constraint("T2", narrow)
                .example("x = float[3]{-1, 0.25, 2}; y_scale = float{0.5}; y_zero_point = int16{10}"));
  narrow.push_back("tensor(int32)");
  table.add(twin("DequantizeLinear", "(x − zero point) · scale.",
                 [](KernelContext& context) { run_as(context, "DequantizeLinear"); })
                .input("x", "T1", "Quantized elements.")
                .input("x_scale", "T2", "Scale: one, one for each index of the axis, or one for each block.")
                .optional_input("x_zero_point", "T1", "Zero point, of the scale's sizes; 0 if absent.")
                .output("y", "T2", "The numbers, of the sizes of x.")
                .constraint("T1", narrow)
                .constraint("T2", wide)
                .example("x = int16[3]{8, 10, 14}; x_scale = float{0.5}; x_zero_point = int16{10}"));
}

}  // namespace

Tensor scaled_product(const KernelContext& context, const Tensor& a, const Tensor& b, const Tensor& a_scale,
                      const Tensor& b_scale, const Tensor& a_zero, const Tensor& b_zero, const Tensor& bias) {
  const Tensor sum = compute(context, "MatMulInteger", {a, b, a_zero, b_zero});
  const Tensor scale = compute(context, "Mul", {a_scale, b_scale});
  const Tensor product = compute(context, "Cast", {sum}, cast_to(scale.type()));
  return plus(context, compute(context, "Mul", {product, scale}), bias);
}

void register_quantized_products(OperatorTable& table) {
  register_gemm(table);
  register_products(table);
  register_quantization(table);
}

}  // namespace lapidary::microsoft
