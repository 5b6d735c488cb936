#include <algorithm>

#include "engine/ops/convolution.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/quantized_operand.h"
#include "engine/ops/types.h"
#include "engine/ops/working_memory.h"

namespace lapidary {
namespace {

/// A parameter of the weights [M, C/group, …]: one, or one an output channel, as sizes that broadcast to
/// `rank`. `axis` is the one of the channels.
Dims by_channel(const Tensor& tensor, std::size_t rank, std::size_t axis) {
  if (tensor.size() == 1) return {};
  Dims dims(rank, 1);
  dims[axis] = tensor.size();
  return dims;
}

/// Sums of (x − zero point)·(w − zero point) plus bias, in exact doubles; padding counts as the zero point.
std::vector<double> centered_convolution(const KernelContext& context, const ConvolutionGeometry& geometry,
                                         const Tensor& w, const Tensor* x_zero, const Tensor* w_zero,
                                         const Tensor* bias) {
  const auto values = centered(context.input(0), x_zero, {});
  const auto weights = centered(w, w_zero, w_zero ? by_channel(*w_zero, w.dims().size(), 0) : Dims{});
  const auto offsets = bias ? values_as<double>(*bias) : std::vector<double>();
  if (bias && bias->size() != w.dims()[0]) throw Error("the bias needs one value for each output channel");
  auto sums = working_memory<double>(output_dims_of(geometry));
  convolve(geometry, values.data(), weights.data(), bias ? offsets.data() : nullptr, sums.data(),
           context.cancel);
  return sums;
}

void integer_convolution(KernelContext& context) {
  const Tensor& w = context.input(1);
  const auto geometry = convolution_geometry(context, context.input(0).dims(), w.dims());
  const auto sums = centered_convolution(context, geometry, w, optional_input(context, 2),
                                         optional_input(context, 3), nullptr);
  Tensor& y = context.output(0, DataType::Int32, output_dims_of(geometry));
  // Beyond 32 bits the sum wraps around, as the specification's 32-bit accumulation does.
  std::transform(sums.begin(), sums.end(), y.mutable_data<std::int32_t>(), [](double value) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(static_cast<std::int64_t>(value)));
  });
}

void quantized_convolution(KernelContext& context) {
  const Tensor& w = context.input(3);
  const auto geometry = convolution_geometry(context, context.input(0).dims(), w.dims());
  const Dims dims = output_dims_of(geometry);
  auto sums = centered_convolution(context, geometry, w, &context.input(2), &context.input(5),
                                   optional_input(context, 8));
  sums = rescaled(std::move(sums), dims, context.input(1), {}, context.input(4),
                  by_channel(context.input(4), dims.size(), 1), context.input(6));
  context.set_output(0, quantized(std::move(sums), dims, context.input(7)));
}

types::List bytes() { return types::tensors({"int8", "uint8"}); }

Operator integer_convolution_record() {
  Operator record("ConvInteger", 10, OperatorKind::Quantization);
  return with_window_attributes(
             record.summary("Convolution of 8-bit integers less their zero points, in 32 bits."))
      .input("x", "T1", "Values [N, C, D1, D2, …].")
      .input("w", "T2", "Weights [M, C/group, k1, k2, …].")
      .optional_input("x_zero_point", "T1", "Subtracted from x; 0.")
      .optional_input("w_zero_point", "T2", "Subtracted from w: one, or one an output channel; 0.")
      .output("y", "T3", "Result [N, M, …].")
      .constraint("T1", bytes())
      .constraint("T2", bytes())
      .constraint("T3", {"tensor(int32)"})
      .infer(reporting_errors([](InferenceContext& context) {
        context.set_output(0, DataType::Int32, std::nullopt);
        context.set_output(0, DataType::Int32, convolution_shape(context, 1));
      }))
      .kernel(integer_convolution)
      .example("x = uint8[1, 1, 3, 3]{2..10}; w = uint8[1, 1, 2, 2]{1}; x_zero_point = uint8{1}")
      .cost(
          [](const CostContext& context) { return convolution_cost(context, 1, context.output_dims(0), 0); });
}

Operator quantized_convolution_record() {
  Operator record("QLinearConv", 10, OperatorKind::Quantization);
  return with_window_attributes(
             record.summary("Convolution of quantized values and weights, quantized again."))
      .input("x", "T1", "Values [N, C, D1, D2, …].")
      .input("x_scale", "tensor(float)", "Scale of x.")
      .input("x_zero_point", "T1", "Zero point of x.")
      .input("w", "T2", "Weights [M, C/group, k1, k2, …].")
      .input("w_scale", "tensor(float)", "Scale of w: one, or one an output channel.")
      .input("w_zero_point", "T2", "Zero point of w, as many as scales.")
      .input("y_scale", "tensor(float)", "Scale of the result.")
      .input("y_zero_point", "T3", "Zero point of the result.")
      .optional_input("B", "T4", "Bias [M], quantized with x_scale·w_scale and zero point 0.")
      .output("y", "T3", "Result [N, M, …].")
      .constraint("T1", bytes())
      .constraint("T2", bytes())
      .constraint("T3", bytes())
      .constraint("T4", {"tensor(int32)"})
      .infer(reporting_errors([](InferenceContext& context) {
        context.set_output(0, context.input_element(7), std::nullopt);
        context.set_output(0, context.input_element(7), convolution_shape(context, 3));
      }))
      .kernel(quantized_convolution)
      .example(
          "x = uint8[1, 1, 2, 2]{1..4}; x_scale = float{0.5}; x_zero_point = uint8{0}; w = uint8[1, 1, 1, "
          "1]{4}; w_scale = float{0.5}; w_zero_point = uint8{0}; y_scale = float{0.5}; y_zero_point = "
          "uint8{10}")
      .cost(
          [](const CostContext& context) { return convolution_cost(context, 3, context.output_dims(0), 3); });
}

}  // namespace

void register_convolution_integer(OperatorTable& table) {
  table.add(integer_convolution_record());
  table.add(quantized_convolution_record());
}

}  // namespace lapidary
