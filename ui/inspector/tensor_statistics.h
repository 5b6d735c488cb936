#pragma once

#include <QString>
#include <array>
#include <cstdint>
#include <vector>

#include "engine/model/tensor.h"
#include "ui/jobs/job.h"

namespace lapidary::ui {

constexpr std::size_t histogramBins = 64;

/// What the numbers of a tensor look like. Infinities and NaN are counted, and left out of everything else.
struct TensorStatistics {
  std::int64_t elements = 0, nan = 0, infinite = 0, zeros = 0;
  double minimum = 0, maximum = 0, mean = 0, deviation = 0;
  std::array<std::int64_t, histogramBins> histogram{};  ///< equal steps from minimum to maximum
};

/// One element as double; NaN for strings and complex numbers.
double element_at(const Tensor& tensor, std::int64_t index);
/// The element as people read it: integers whole, floats to six digits, strings quoted.
QString element_text(const Tensor& tensor, std::int64_t index);

/// Reads the whole tensor twice, piece by piece, without a copy of it. Throws Cancelled.
TensorStatistics statistics_of(const Tensor& tensor, const JobControl& control);

/// Indices of the leading dimensions: all but the last two.
using Slice = std::vector<std::int64_t>;

}  // namespace lapidary::ui
