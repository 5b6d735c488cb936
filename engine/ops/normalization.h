#pragma once

#include <cmath>

#include "engine/ops/operator.h"

/// What the normalizations share.
namespace lapidary {

/// Sums are made in double, so that long rows of float32 lose nothing.
struct Moments {
  double mean = 0, variance = 0;
};

/// Mean and population variance of `count` values.
template <class Value>
Moments moments_of(const Value* values, std::int64_t count) {
  Moments m;
  for (std::int64_t i = 0; i < count; ++i) m.mean += static_cast<double>(values[i]);
  m.mean /= static_cast<double>(count);
  for (std::int64_t i = 0; i < count; ++i) {
    const double away = static_cast<double>(values[i]) - m.mean;
    m.variance += away * away;
  }
  m.variance /= static_cast<double>(count);
  return m;
}

inline double epsilon_of(const KernelContext& context) {
  return static_cast<double>(context.real("epsilon", 1e-5f));
}

/// Parameter `index` as `count` numbers, whatever floating type it has.
std::vector<double> parameters(const KernelContext& context, std::size_t index, std::int64_t count);

/// [N, C, D1, D2, …] seen as [batch, channels, inner].
struct Planes {
  std::int64_t batch, channels, inner;
};

/// Throws Error for a tensor without channels.
Planes planes_of(const Dims& dims);

/// A record with what all normalizations have: output 0 like input 0, and a cost for each element.
Operator normalization_record(const char* name, int version, const char* summary, KernelFunction kernel,
                              double flops_per_element);
Operator& with_epsilon(Operator& record);

}  // namespace lapidary
