#pragma once

#include <vector>

#include "engine/ops/kernel.h"

/// Quantized factors of a product as doubles, in which products and sums of 8-bit integers are exact.
namespace lapidary {

/// value − zero point for each element; the zero point, seen with sizes `zero_point_dims`, is broadcast.
/// No zero point (nullptr) is 0.
std::vector<double> centered(const Tensor& quantized, const Tensor* zero_point, const Dims& zero_point_dims);

/// factor · value / y_scale for each element of a product of sizes `dims`, where factor is the product of
/// both operands' scales, each broadcast from its own sizes.
std::vector<double> rescaled(std::vector<double> product, const Dims& dims, const Tensor& a_scale,
                             const Dims& a_dims, const Tensor& b_scale, const Dims& b_dims,
                             const Tensor& y_scale);

/// value + zero point, rounded to nearest even and saturated, in the zero point's element type.
Tensor quantized(std::vector<double> values, const Dims& dims, const Tensor& zero_point);

/// Input `index` where it is present, else nullptr.
const Tensor* optional_input(const KernelContext& context, std::size_t index);

}  // namespace lapidary
