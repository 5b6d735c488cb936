#include "tests/differential/call.h"

namespace lapidary::differential {
namespace {

/// Sizes of scale and zero point: one for all, or one for each place along an axis that is then set.
Dims scale_dims(Call& call, const Tensor& x) {
  if (call.version() < 13 || x.rank() == 0 || call.random.chance(0.5)) return {};
  const std::int64_t axis = call.axis(x.rank());
  call.set("axis", axis);
  return {x.dims()[static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis)]};
}

/// Powers of two divide without rounding: what lies between two steps is then the same everywhere.
Tensor scale(Call& call, DataType type, const Dims& dims) {
  std::vector<double> values;
  for (std::int64_t i = element_count(dims); i > 0; --i)
    values.push_back(call.random.pick(std::vector<double>{0.125, 0.25, 0.5, 1}));
  return tensor_from(type, dims, values);
}

/// Floating quantized types have no zero point but 0.
void zero_point(Call& call, DataType type, const Dims& dims) {
  const Tensor zero = random_tensor(call.random, type, dims, Fill::Ordinary);
  call.given(is_floating(type)
                 ? tensor_from(type, dims, std::vector<double>(static_cast<std::size_t>(zero.size()), 0))
                 : zero);
}

void quantize(Call& call) {
  const Tensor x = call.any(0, 4);
  if (x.size() == 0) throw Unsuitable();
  require_finite(x);
  const Dims dims = scale_dims(call, x);
  call.given(scale(call, call.input_type(1), dims));
  if (call.random.chance(0.7)) zero_point(call, call.input_type(2), dims);
}

void dequantize(Call& call) {
  const Tensor x = call.any(0, 4);
  if (x.size() == 0) throw Unsuitable();
  const Dims dims = scale_dims(call, x);
  call.given(scale(call, call.input_type(1), dims));
  if (call.random.chance(0.7) && x.type() != DataType::Int32) zero_point(call, x.type(), dims);
}

void dynamic_quantize(Call& call) {
  const Tensor x = call.any(1, 3);
  if (x.size() == 0) throw Unsuitable();
  for (const double value : values_as<double>(x))
    if (!(value > -1e30 && value < 1e30)) throw Unsuitable();
}

/// Scale and zero point of a product's operand or result.
void operand_scale(Call& call) {
  call.given(scale(call, DataType::Float32, {}), 0.9);
  call.sized({}, Fill::Ordinary);
}

void quantized_mat_mul(Call& call) {
  const Tensor a = call.any(2, 3);
  operand_scale(call);
  call.sized({a.dims().back(), call.random.between(1, 6)});
  operand_scale(call);
  operand_scale(call);
}

void quantized_convolution(Call& call) {
  const std::int64_t channels = call.random.between(1, 4), filters = call.random.between(1, 4);
  call.sized({1, channels, call.random.between(3, 7), call.random.between(3, 7)}, Fill::Ordinary);
  operand_scale(call);
  call.sized({filters, channels, 3, call.random.between(1, 3)}, Fill::Ordinary);
  operand_scale(call);
  operand_scale(call);
  if (call.random.chance(0.5)) call.sized({filters}, Fill::Ordinary);
  if (call.random.chance(0.5)) call.set("pads", std::vector<std::int64_t>{1, 0, 1, 0});
}

}  // namespace

RecipeList quantization_recipes() {
  return {{"QuantizeLinear", quantize},
          {"DequantizeLinear", dequantize},
          {"com.microsoft.QuantizeLinear", quantize},
          {"com.microsoft.DequantizeLinear", dequantize},
          {"DynamicQuantizeLinear", dynamic_quantize},
          {"QLinearMatMul", quantized_mat_mul},
          {"QLinearConv", quantized_convolution}};
}

}  // namespace lapidary::differential
