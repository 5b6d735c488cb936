#include "engine/ops/window.h"

#include <algorithm>

namespace lapidary {
namespace {

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}
std::int64_t ceil_divide(std::int64_t a, std::int64_t b) { return -floor_divide(-a, b); }

template <class T>
T typed_attribute(const Node& node, const char* name, T otherwise) {
  const Attribute* found = node.find_attribute(name);
  if (!found) return otherwise;
  if (const T* value = std::get_if<T>(&found->value)) return *value;
  throw Error("attribute '" + std::string(name) + "' of " + node.op_type + " has the wrong type")
      .node(node.label());
}

AutoPad read_auto_pad(const Node& node) {
  const auto text = typed_attribute(node, "auto_pad", std::string("NOTSET"));
  if (text == "NOTSET" || text.empty()) return AutoPad::NotSet;
  if (text == "SAME_UPPER") return AutoPad::SameUpper;
  if (text == "SAME_LOWER") return AutoPad::SameLower;
  if (text == "VALID") return AutoPad::Valid;
  throw Error("auto_pad is '" + text + "'")
      .node(node.label())
      .advice("It can be NOTSET, SAME_UPPER, SAME_LOWER or VALID");
}

bool is_same(AutoPad auto_pad) { return auto_pad == AutoPad::SameUpper || auto_pad == AutoPad::SameLower; }

/// One value an axis: the attribute, or `otherwise` where it is absent.
Dims per_axis(const Node& node, const char* name, std::size_t count, std::int64_t otherwise) {
  Dims values = integers_attribute(node, name);
  if (values.empty()) return Dims(count, otherwise);
  if (values.size() != count)
    throw Error("attribute '" + std::string(name) + "' has " + std::to_string(values.size()) +
                " values where " + std::to_string(count) + " are needed")
        .node(node.label());
  return values;
}

/// Beyond this, sums and products of sizes could overflow.
constexpr std::int64_t largest_value = INT32_MAX;

void require_positive(const Node& node, const char* name, const Dims& values) {
  if (std::any_of(values.begin(), values.end(), [](std::int64_t v) { return v > largest_value; }))
    throw Error(std::string(name) + " of " + node.op_type + " is too large").node(node.label());
  if (std::any_of(values.begin(), values.end(), [](std::int64_t v) { return v < 1; }))
    throw Error(std::string(name) + " of " + node.op_type + " must be positive").node(node.label());
}

/// Splits a total padding in two; the odd one goes to the end or to the beginning. Rounds down also below
/// zero.
void split_padding(std::int64_t total, bool odd_at_end, std::int64_t& begin, std::int64_t& end) {
  const std::int64_t half = floor_divide(total, 2);
  begin = odd_at_end ? half : total - half;
  end = total - begin;
}

/// A last window in ceil mode starts in the padding at the end only if the stride is that long.
bool may_start_in_end_padding(const Window& window, std::size_t axis) {
  return window.strides[axis] > window.extent(axis) - window.pads_end[axis];
}

/// Groups that nothing divides into are refused also where a tensor has no elements: loops and products over
/// them would be endless.
void check_channels(const Dims& input, const Dims& weight, std::int64_t group) {
  if (input.size() < 2 || weight.size() != input.size())
    throw Error("the input has rank " + std::to_string(input.size()) + " and the weights rank " +
                std::to_string(weight.size()))
        .advice("Both are [batch or channels, channels, spatial sizes…] of one rank");
  if (group < 1) throw Error("group is " + std::to_string(group));
  if (weight[0] % group != 0 || (group > 1 && group > std::max(weight[0], input[1])))
    throw Error(std::to_string(weight[0]) + " channels cannot be divided into " + std::to_string(group) +
                " groups");
}

[[noreturn]] void refuse_channels(const Dims& input, const Dims& weight, std::int64_t group) {
  throw Error("the input has " + std::to_string(input[1]) + " channels, which do not fit weights of " +
              to_string(weight) + " in " + std::to_string(group) + " group(s)");
}

}  // namespace

Dims integers_attribute(const Node& node, const char* name) { return typed_attribute(node, name, Dims()); }

Window read_window(const Node& node, Dims kernel) {
  Window window;
  const std::size_t rank = kernel.size();
  window.auto_pad = read_auto_pad(node);
  window.ceil_mode = typed_attribute(node, "ceil_mode", std::int64_t{0}) != 0;
  window.kernel = std::move(kernel);
  window.strides = per_axis(node, "strides", rank, 1);
  window.dilations = per_axis(node, "dilations", rank, 1);
  require_positive(node, "kernel_shape", window.kernel);
  require_positive(node, "strides", window.strides);
  require_positive(node, "dilations", window.dilations);
  Dims pads(2 * rank, 0);
  if (window.auto_pad == AutoPad::NotSet) pads = per_axis(node, "pads", 2 * rank, 0);
  for (const std::int64_t pad : pads)
    if (pad < -largest_value || pad > largest_value) throw Error("pads are too large").node(node.label());
  const auto middle = pads.begin() + static_cast<std::ptrdiff_t>(rank);
  window.pads_begin.assign(pads.begin(), middle);
  window.pads_end.assign(middle, pads.end());
  return window;
}

Window read_convolution_window(const Node& node, const Dims& weight_spatial) {
  const Dims kernel = integers_attribute(node, "kernel_shape");
  if (!kernel.empty() && kernel != weight_spatial)
    throw Error("kernel_shape is " + to_string(kernel) + ", the weights have " + to_string(weight_spatial))
        .node(node.label());
  return read_window(node, weight_spatial);
}

std::int64_t window_output_size(const Window& window, std::size_t axis, std::int64_t input) {
  const std::int64_t stride = window.strides[axis];
  if (is_same(window.auto_pad)) return ceil_divide(input, stride);
  if (input == 0) return 0;
  const std::int64_t begin = window.pads_begin[axis];
  const std::int64_t room = input + begin + window.pads_end[axis] - window.extent(axis);
  if (room < 0)
    throw Error("a window of " + std::to_string(window.extent(axis)) + " does not fit a size of " +
                std::to_string(input) + " with its padding");
  if (!window.ceil_mode || window.auto_pad == AutoPad::Valid) return room / stride + 1;
  return std::min(ceil_divide(room, stride) + 1, ceil_divide(input + begin, stride));
}

Dimension window_output_size(const Window& window, std::size_t axis, const Dimension& input) {
  if (input.is_constant()) return window_output_size(window, axis, input.value());
  const Dimension stride = window.strides[axis];
  if (is_same(window.auto_pad)) return ceil_div(input, stride);
  const std::int64_t begin = window.pads_begin[axis];
  const Dimension room = input + (begin + window.pads_end[axis] - window.extent(axis));
  if (!window.ceil_mode || window.auto_pad == AutoPad::Valid) return floor_div(room, stride) + 1;
  const Dimension windows = ceil_div(room, stride) + 1;
  return may_start_in_end_padding(window, axis) ? min(windows, ceil_div(input + begin, stride)) : windows;
}

Dims window_output_dims(const Window& window, const Dims& input) {
  if (input.size() != window.rank())
    throw Error("the input has " + std::to_string(input.size()) + " spatial axes, the window " +
                std::to_string(window.rank()));
  Dims output(input.size());
  for (std::size_t i = 0; i < input.size(); ++i) output[i] = window_output_size(window, i, input[i]);
  return output;
}

Window with_resolved_padding(Window window, const Dims& input) {
  const Dims output = window_output_dims(window, input);
  if (is_same(window.auto_pad))
    for (std::size_t i = 0; i < input.size(); ++i) {
      const std::int64_t needed = (output[i] - 1) * window.strides[i] + window.extent(i) - input[i];
      split_padding(std::max<std::int64_t>(0, needed), window.auto_pad == AutoPad::SameUpper,
                    window.pads_begin[i], window.pads_end[i]);
    }
  window.auto_pad = AutoPad::NotSet;
  return window;
}

TransposedWindow resolve_transposed_window(const Node& node, int version, Window window, const Dims& input) {
  if (input.size() != window.rank())
    throw Error("the input has " + std::to_string(input.size()) + " spatial axes, the weights " +
                std::to_string(window.rank()));
  const Shape output = transposed_output_shape(node, window, shape_of(input));
  const Dims output_padding = per_axis(node, "output_padding", window.rank(), 0);
  const bool is_given = is_same(window.auto_pad) || !integers_attribute(node, "output_shape").empty();
  const bool odd_at_end = (window.auto_pad == AutoPad::SameUpper) == (version >= 11);
  Dims sizes(input.size());
  for (std::size_t i = 0; i < input.size(); ++i) {
    sizes[i] = output[i].value_or(-1);
    if (sizes[i] < 0) throw Error("the padding is larger than the output").node(node.label());
    if (!is_given) continue;
    const std::int64_t full = window.strides[i] * (input[i] - 1) + output_padding[i] + window.extent(i);
    split_padding(std::max<std::int64_t>(0, full - sizes[i]), odd_at_end, window.pads_begin[i],
                  window.pads_end[i]);
  }
  window.auto_pad = AutoPad::NotSet;
  return {std::move(window), std::move(sizes)};
}

Shape transposed_output_shape(const Node& node, const Window& window, const Shape& input) {
  const Dims given = integers_attribute(node, "output_shape");
  const Dims output_padding = per_axis(node, "output_padding", window.rank(), 0);
  if (!given.empty() && given.size() < window.rank())
    throw Error("output_shape is too short").node(node.label());
  Shape output(window.rank());
  for (std::size_t i = 0; i < window.rank(); ++i) {
    // Some exporters write batch and channels too: the spatial sizes are the last ones.
    if (!given.empty()) {
      output[i] = given[given.size() - window.rank() + i];
    } else if (is_same(window.auto_pad)) {
      output[i] = input[i] * window.strides[i];
    } else {
      const std::int64_t pads = window.pads_begin[i] + window.pads_end[i];
      output[i] = (input[i] - 1) * window.strides[i] + (output_padding[i] + window.extent(i) - pads);
    }
  }
  return output;
}

ConvolutionChannels convolution_channels(const Dims& input, const Dims& weight, std::int64_t group) {
  check_channels(input, weight, group);
  if (input[1] % group != 0 || input[1] / group != weight[1]) refuse_channels(input, weight, group);
  return {input[0], group, weight[1], weight[0] / group};
}

ConvolutionChannels transposed_convolution_channels(const Dims& input, const Dims& weight,
                                                    std::int64_t group) {
  check_channels(input, weight, group);
  if (input[1] != weight[0] || weight[1] > INT64_MAX / group) refuse_channels(input, weight, group);
  return {input[0], group, weight[0] / group, weight[1]};
}

}  // namespace lapidary
