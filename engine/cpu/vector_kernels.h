#pragma once

#include <cstdint>

namespace lapidary::cpu {

// Kernels over one row, on the best instruction set of the machine. In place is fine.

/// y = exp(x − max x) / Σ exp(x − max x).
void softmax(const float* x, float* y, std::int64_t count);
/// y = (x − mean) / √(variance + epsilon) · scale + bias; `bias` may be null.
void normalize(const float* x, const float* scale, const float* bias, float epsilon, float* y,
               std::int64_t count);
float sum(const float* x, std::int64_t count);

}  // namespace lapidary::cpu
