#include "engine/ops/quantized_operand.h"

#include <algorithm>
#include <cmath>

#include "engine/ops/broadcast.h"

namespace lapidary {
namespace {

std::pair<double, double> finite_range(DataType type) {
  switch (type) {
    case DataType::Int8:
      return {-128, 127};
    case DataType::UInt8:
      return {0, 255};
    case DataType::Float8E4M3FN:
      return {-448, 448};
    case DataType::Float8E4M3FNUZ:
      return {-240, 240};
    case DataType::Float8E5M2:
    case DataType::Float8E5M2FNUZ:
      return {-57344, 57344};
    default:
      throw Error("cannot quantize to " + std::string(name_of(type)));
  }
}

void require_count(const Tensor& parameter, const Dims& dims) {
  if (parameter.size() != element_count(dims))
    throw Error("a scale or zero point has " + std::to_string(parameter.size()) + " values where " +
                std::to_string(element_count(dims)) + " are needed");
}

/// A single value broadcasts whatever rank it is written with.
Dims broadcast_sizes(const Tensor& tensor) { return tensor.size() == 1 ? Dims{} : tensor.dims(); }

}  // namespace

std::vector<double> centered(const Tensor& quantized, const Tensor* zero_point, const Dims& zero_point_dims) {
  std::vector<double> values = values_as<double>(quantized);
  if (!zero_point) return values;
  require_count(*zero_point, zero_point_dims);
  const std::vector<double> zeros = values_as<double>(*zero_point);
  const StridedWalk<1> walk(quantized.dims(), {broadcast_strides(zero_point_dims, quantized.dims())});
  double* value = values.data();
  walk.for_each_run([&](const auto& from, const auto& steps, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) *value++ -= zeros[from[0] + i * steps[0]];
  });
  return values;
}

std::vector<double> rescaled(std::vector<double> product, const Dims& dims, const Tensor& a_scale,
                             const Dims& a_dims, const Tensor& b_scale, const Dims& b_dims,
                             const Tensor& y_scale) {
  require_count(a_scale, a_dims);
  require_count(b_scale, b_dims);
  const auto a = values_as<double>(a_scale), b = values_as<double>(b_scale), y = values_as<double>(y_scale);
  const StridedWalk<3> walk(dims, {broadcast_strides(a_dims, dims), broadcast_strides(b_dims, dims),
                                   broadcast_strides(broadcast_sizes(y_scale), dims)});
  double* value = product.data();
  walk.for_each_run([&](const auto& from, const auto& steps, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i)
      *value++ *= a[from[0] + i * steps[0]] * b[from[1] + i * steps[1]] / y[from[2] + i * steps[2]];
  });
  return product;
}

Tensor quantized(std::vector<double> values, const Dims& dims, const Tensor& zero_point) {
  const auto [lowest, highest] = finite_range(zero_point.type());
  const bool is_whole = is_integer(zero_point.type());
  const auto zeros = values_as<double>(zero_point);
  const StridedWalk<1> walk(dims, {broadcast_strides(broadcast_sizes(zero_point), dims)});
  double* value = values.data();
  walk.for_each_run(
      [&, low = lowest, high = highest](const auto& from, const auto& steps, std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i, ++value) {
          const double rounded = is_whole ? std::nearbyint(*value) : *value;
          *value = std::clamp(rounded + zeros[from[0] + i * steps[0]], low, high);
        }
      });
  return tensor_from(zero_point.type(), dims, values);
}

const Tensor* optional_input(const KernelContext& context, std::size_t index) {
  return context.has_input(index) ? &context.input(index) : nullptr;
}

}  // namespace lapidary
