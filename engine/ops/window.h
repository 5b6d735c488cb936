#pragma once

#include <cstdint>

#include "engine/model/model.h"

/// The arithmetic of sliding windows that convolution and pooling share, as pure functions of attributes and
/// sizes. Sizes are of the spatial axes only ([H, W] of [N, C, H, W]) unless said otherwise.
namespace lapidary {

enum class AutoPad { NotSet, SameUpper, SameLower, Valid };

/// A window with the defaults of the specification filled in; one entry a spatial axis.
struct Window {
  AutoPad auto_pad = AutoPad::NotSet;
  bool ceil_mode = false;  ///< pooling: a last window that is not full counts too
  Dims kernel, strides, dilations, pads_begin, pads_end;

  std::size_t rank() const { return kernel.size(); }
  /// Input positions from the window's first tap to its last: dilation·(kernel − 1) + 1.
  std::int64_t extent(std::size_t axis) const { return dilations[axis] * (kernel[axis] - 1) + 1; }
};

/// The ints attribute `name`, or nothing in it if absent. Throws Error on another type.
Dims integers_attribute(const Node& node, const char* name);

/// Reads auto_pad, ceil_mode, strides, dilations and pads of a convolution or pooling node around `kernel`.
/// Throws Error where a count of values does not fit the kernel's rank or a size is not positive.
Window read_window(const Node& node, Dims kernel);
/// As above; the kernel is attribute kernel_shape, which must agree with the weights' spatial sizes [k1, k2,
/// …].
Window read_convolution_window(const Node& node, const Dims& weight_spatial);

/// Windows that fit along one axis:
///   NOTSET      floor((input + pads − extent) / stride) + 1, or ceil(…) + 1 in ceil mode, where a window
///   that would
///               start in the padding at the end does not count
///   VALID       floor((input − extent) / stride) + 1
///   SAME_*      ceil(input / stride)
/// An empty input gives 0; throws Error if the window is larger than a padded input that is not empty.
std::int64_t window_output_size(const Window& window, std::size_t axis, std::int64_t input);
/// The same as an expression, for inference; unknown where the input is unknown.
Dimension window_output_size(const Window& window, std::size_t axis, const Dimension& input);
Dims window_output_dims(const Window& window, const Dims& input);

/// The window with auto_pad replaced by the padding that it stands for on `input`:
///   total = max(0, (output − 1)·stride + extent − input), the odd one at the end for SAME_UPPER.
Window with_resolved_padding(Window window, const Dims& input);

/// ConvTranspose: the window with its padding resolved, and the output's spatial sizes.
struct TransposedWindow {
  Window window;
  Dims output;
};

/// ConvTranspose's sizes from its attributes pads, auto_pad, output_padding and output_shape:
///   output = stride·(input − 1) + output_padding + extent − pads
/// or output_shape, or input·stride for SAME_*, and then the padding is what is over. `version` is the
/// operator's since-version: before 11 the odd one of SAME_UPPER was at the beginning.
TransposedWindow resolve_transposed_window(const Node& node, int version, Window window, const Dims& input);
/// The output's sizes as expressions.
Shape transposed_output_shape(const Node& node, const Window& window, const Shape& input);

/// Sizes of a convolution, checked. Input [batch, groups·in_per_group, …], output [batch,
/// groups·out_per_group, …].
struct ConvolutionChannels {
  std::int64_t batch, groups, in_per_group, out_per_group;
};
/// For weights [M, C/group, k…] (Conv). Throws Error where ranks, channels and groups contradict each other.
ConvolutionChannels convolution_channels(const Dims& input, const Dims& weight, std::int64_t group);
/// For weights [C, M/group, k…] (ConvTranspose).
ConvolutionChannels transposed_convolution_channels(const Dims& input, const Dims& weight,
                                                    std::int64_t group);

/// The axes after batch and channel.
inline Dims spatial_dims(const Dims& dims) {
  return dims.size() > 2 ? Dims(dims.begin() + 2, dims.end()) : Dims();
}

}  // namespace lapidary
