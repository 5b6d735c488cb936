#pragma once

#include <QImage>
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

/// Indices of the leading dimensions: all but the last two, or but the last three for a picture of channels.
using Slice = std::vector<std::int64_t>;
/// The last two dimensions at `slice` as grey values from minimum to maximum, at most `side` pixels wide and
/// high.
QImage slice_picture(const Tensor& tensor, const Slice& slice, int side, const TensorStatistics& statistics,
                     bool dark);
/// True if the tensor can be a colour picture: [.., 3, H, W] or [.., H, W, 3].
bool is_picture(const Dims& dims);
/// The last three dimensions as a colour picture, scaled so that minimum to maximum is black to white.
QImage color_picture(const Tensor& tensor, const Slice& slice, int side, const TensorStatistics& statistics);

}  // namespace lapidary::ui
