#pragma once

#include "engine/ops/convolve.h"
#include "engine/ops/operator.h"

/// What the convolutions of the family share, whatever their element types.
namespace lapidary {

/// Sizes and resolved window of a convolution of [N, C, …] with weights [M, C/group, …], from the node's
/// attributes. Throws Error where they do not fit.
ConvolutionGeometry convolution_geometry(const KernelContext& context, const Dims& x, const Dims& w);
/// [N, M, sizes…] of the geometry's output.
Dims output_dims_of(const ConvolutionGeometry& geometry);

/// [N, M, window positions…] for input 0 and weights at input `weight`; sizes that are not known stay
/// unknown. Throws Error where attributes do not fit.
std::optional<Shape> convolution_shape(const InferenceContext& context, std::size_t weight);

/// Multiply-adds where each of `elements` meets all weights [M, …] of its channel, plus `flops_per_output`
/// beside.
std::optional<Cost> convolution_cost(const CostContext& context, std::size_t weight,
                                     const std::optional<Dims>& elements, double flops_per_output);

/// Attributes auto_pad, dilations, group, kernel_shape, pads and strides.
Operator& with_window_attributes(Operator& record);

}  // namespace lapidary
