#pragma once

#include "engine/ops/kernel.h"
#include "engine/ops/window.h"

/// Convolution of plain arrays through im2col and a matrix product, for any number of spatial axes.
/// T: float or double.
namespace lapidary {

/// What one convolution is made of: sizes and a window whose padding is resolved.
struct ConvolutionGeometry {
  ConvolutionChannels channels;
  Window window;
  Dims input, output;  ///< spatial sizes

  std::int64_t input_size() const { return element_count(input); }
  std::int64_t output_size() const { return element_count(output); }
  std::int64_t tap_count() const { return element_count(window.kernel); }
};

/// y [N, M, out…] = x [N, C, in…] * w [M, C/group, k…] (+ bias [M] unless it is null).
template <class T>
void convolve(const ConvolutionGeometry& geometry, const T* x, const T* w, const T* bias, T* y,
              const CancelToken& cancel);

/// y [N, M, out…] is x [N, C, in…] spread by w [C, M/group, k…] (+ bias [M] unless it is null).
template <class T>
void convolve_transposed(const ConvolutionGeometry& geometry, const T* x, const T* w, const T* bias, T* y,
                         const CancelToken& cancel);

/// The next index in row-major order within `sizes`; false after the last.
bool advance(Dims& index, const Dims& sizes);

}  // namespace lapidary
