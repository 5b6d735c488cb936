#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace lapidary::cpu {

// Kernels over one row, on the best instruction set of the machine. In place is fine.

/// y = exp(x − max x) / Σ exp(x − max x).
void softmax(const float* x, float* y, std::int64_t count);
/// y = (x − mean) / √(variance + epsilon) · scale + bias; `bias` may be null.
void normalize(const float* x, const float* scale, const float* bias, float epsilon, float* y,
               std::int64_t count);
/// y = x / √(mean of x² + epsilon) · scale + bias; `bias` may be null.
void normalize_by_root_mean_square(const float* x, const float* scale, const float* bias, float epsilon,
                                   float* y, std::int64_t count);
/// `rest` is what rounding took from the mean.
struct Moments {
  float mean = 0, rest = 0, variance = 0;
};
Moments moments(const float* x, std::int64_t count);
/// Least and greatest number, NaN passed over.
std::pair<float, float> range(const float* x, std::int64_t count);
float sum(const float* x, std::int64_t count);

/// Calls `check` once for every instruction set that kernels exist for and the machine runs, all kernels
/// limited to it meanwhile. For tests: other threads must not run kernels.
void for_each_instruction_set(const std::function<void(const std::string& name)>& check);

}  // namespace lapidary::cpu
