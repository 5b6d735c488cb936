#include <algorithm>

#include "engine/ops/families.h"
#include "engine/ops/matmul.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/quantized_operand.h"
#include "engine/ops/types.h"
#include "engine/ops/working_memory.h"

namespace lapidary {
namespace {

/// A's zero point or scale of rank 1 with a value for each row stands beside the rows: [M] is [M, 1].
Dims by_row(const Tensor& tensor) {
  Dims dims = tensor.dims();
  if (dims.size() == 1) dims.push_back(1);
  return dims;
}

/// A parameter of B with a value for each column needs no change: [N], or […, 1, N].
Dims by_column(const Tensor& tensor) { return tensor.dims(); }

/// (A − zero point)·(B − zero point) in exact doubles. One-element parameters are scalars whatever their
/// rank.
std::vector<double> centered_product(const KernelContext& context, const MatMulGeometry& geometry,
                                     std::size_t a, std::size_t a_zero, std::size_t b, std::size_t b_zero) {
  const Tensor *zero_a = optional_input(context, a_zero), *zero_b = optional_input(context, b_zero);
  const auto left =
      centered(context.input(a), zero_a, zero_a && zero_a->size() > 1 ? by_row(*zero_a) : Dims{});
  const auto right =
      centered(context.input(b), zero_b, zero_b && zero_b->size() > 1 ? by_column(*zero_b) : Dims{});
  auto product = working_memory<double>(geometry.output);
  matmul(geometry, left.data(), right.data(), product.data(), context.cancel);
  return product;
}

void matmul_integer(KernelContext& context) {
  const MatMulGeometry geometry = matmul_geometry(context.input(0).dims(), context.input(1).dims());
  const auto product = centered_product(context, geometry, 0, 2, 1, 3);
  Tensor& y = context.output(0, DataType::Int32, geometry.output);
  // Beyond 32 bits the sum wraps around, as the specification's 32-bit accumulation does.
  std::transform(product.begin(), product.end(), y.mutable_data<std::int32_t>(), [](double value) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(static_cast<std::int64_t>(value)));
  });
}

void quantized_matmul(KernelContext& context) {
  const MatMulGeometry geometry = matmul_geometry(context.input(0).dims(), context.input(3).dims());
  const Tensor &a_scale = context.input(1), &b_scale = context.input(4);
  auto values = rescaled(centered_product(context, geometry, 0, 2, 3, 5), geometry.output, a_scale,
                         a_scale.size() > 1 ? by_row(a_scale) : Dims{}, b_scale,
                         b_scale.size() > 1 ? by_column(b_scale) : Dims{}, context.input(6));
  context.set_output(0, quantized(std::move(values), geometry.output, context.input(7)));
}

CostFunction product_cost(std::size_t a, double rescale_flops) {
  return [=](const CostContext& context) -> std::optional<Cost> {
    const auto dims = context.input_dims(a);
    const auto elements = context.output_elements();
    if (!dims || dims->empty() || !elements) return std::nullopt;
    const double macs = *elements * static_cast<double>(dims->back());
    return Cost{macs, 2 * macs + rescale_flops * *elements};
  };
}

types::List bytes() { return types::tensors({"int8", "uint8"}); }
types::List bytes_and_float8() {
  return types::tensors({"int8", "uint8", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz"});
}

Operator quantized_matmul_record(int version, const std::string& scale, const types::List& elements) {
  return Operator("QLinearMatMul", version, OperatorKind::Quantization)
      .summary("Matrix product of quantized factors, quantized again.")
      .input("a", "T1", "Left factor […, M, K].")
      .input("a_scale", scale, "Its scale: one, or one a row.")
      .input("a_zero_point", "T1", "Its zero point, as many as scales.")
      .input("b", "T2", "Right factor […, K, N].")
      .input("b_scale", scale, "Its scale: one, or one a column.")
      .input("b_zero_point", "T2", "Its zero point, as many as scales.")
      .input("y_scale", scale, "Scale of the product.")
      .input("y_zero_point", "T3", "Zero point of the product.")
      .output("y", "T3", "Product […, M, N].")
      .constraint("T1", elements)
      .constraint("T2", elements)
      .constraint("T3", elements)
      .infer([](InferenceContext& context) {
        context.set_output(0, context.input_element(7),
                           matmul_shape(context, context.input_shape(0), context.input_shape(3)));
      })
      .kernel(quantized_matmul)
      .example(
          "a = uint8[2, 2]{1..4}; a_scale = float{0.5}; a_zero_point = uint8{0}; b = uint8[2, 2]{4, 0, 0, "
          "4}; b_scale = float{0.5}; b_zero_point = uint8{0}; y_scale = float{0.25}; y_zero_point = "
          "uint8{10}")
      .cost(product_cost(0, 3));
}

}  // namespace

void register_matmul_integer(OperatorTable& table) {
  table.add(Operator("MatMulInteger", 10, OperatorKind::Quantization)
                .summary("Matrix product of 8-bit integers less their zero points, in 32 bits.")
                .input("A", "T1", "Left factor […, M, K].")
                .input("B", "T2", "Right factor […, K, N].")
                .optional_input("a_zero_point", "T1", "Subtracted from A: one, or one a row; 0.")
                .optional_input("b_zero_point", "T2", "Subtracted from B: one, or one a column; 0.")
                .output("Y", "T3", "Product […, M, N].")
                .constraint("T1", bytes())
                .constraint("T2", bytes())
                .constraint("T3", {"tensor(int32)"})
                .infer([](InferenceContext& context) {
                  context.set_output(0, DataType::Int32,
                                     matmul_shape(context, context.input_shape(0), context.input_shape(1)));
                })
                .kernel(matmul_integer)
                .example("A = uint8[2, 2]{11..14}; B = uint8[2, 2]{0, 1, 1, 0}; a_zero_point = uint8{10}")
                .cost(product_cost(0, 0)));
  table.add(quantized_matmul_record(10, "tensor(float)", bytes()));
  table.add(quantized_matmul_record(21, "TS", bytes_and_float8())
                .constraint("TS", types::tensors({"float", "float16", "bfloat16"})));
}

}  // namespace lapidary
