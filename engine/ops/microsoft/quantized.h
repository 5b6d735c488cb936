#pragma once

#include "engine/ops/microsoft/microsoft.h"

/// What the operators on quantized tensors share.
namespace lapidary::microsoft {

/// The numbers that input `index` stands for, whose scale and zero point (0 if it is left out) are the next
/// two inputs.
Tensor dequantized(const KernelContext& context, std::size_t index);
/// y quantized with the scale at input `scale` and the zero point behind it, which decides the type; `type`
/// where it is left out, or that of input 0.
Tensor requantized(const KernelContext& context, const Tensor& y, std::size_t scale, DataType type);
Tensor requantized(const KernelContext& context, const Tensor& y, std::size_t scale);

/// Inputs name, name_scale and an optional name_zero_point.
Operator& with_quantized_input(Operator& record, const std::string& name, const std::string& description);
/// Inputs name_scale and an optional name_zero_point, and the output.
Operator& with_quantized_output(Operator& record, const std::string& name, const std::string& description);

/// A · B of 8-bit integers less their zero points (absent: 0), times the scales, with the bias added where it
/// is present: the product as numbers.
Tensor scaled_product(const KernelContext& context, const Tensor& a, const Tensor& b, const Tensor& a_scale,
                      const Tensor& b_scale, const Tensor& a_zero, const Tensor& b_zero, const Tensor& bias);

}  // namespace lapidary::microsoft
