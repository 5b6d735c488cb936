#pragma once

#include "engine/ops/inference.h"
#include "engine/ops/kernel.h"

namespace lapidary {

/// The sizes of numpy.matmul: matrices in the last two axes, axes before broadcast, 1-D operands as a row
/// (left) or a column (right) whose axis then falls away.
struct MatMulGeometry {
  std::int64_t m, n, k;
  Dims a_offsets, b_offsets;  ///< first element of each product's operand; result i starts at i·m·n
  Dims output;
};
/// Throws Error where the sizes do not fit each other.
MatMulGeometry matmul_geometry(const Dims& a, const Dims& b);

/// All products of the geometry; T as in gemm().
template <class T>
void matmul(const MatMulGeometry& geometry, const T* a, const T* b, T* y, const CancelToken& cancel);

/// The output's shape as expressions; nothing where a rank is unknown. Reports sizes that do not fit.
std::optional<Shape> matmul_shape(InferenceContext& context, const std::optional<Shape>& a,
                                  const std::optional<Shape>& b);

}  // namespace lapidary
