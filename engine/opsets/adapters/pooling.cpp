#include <algorithm>
#include <cmath>

#include "engine/opsets/adapter.h"
#include "engine/opsets/adapters/pieces.h"

namespace lapidary {
namespace {

using Integers = std::vector<std::int64_t>;

/// Windows without gaps between their elements need no dilations.
void drop_single_dilations(NodeRewrite& rewrite) {
  const auto dilations = rewrite.integers("dilations");
  if (dilations && std::all_of(dilations->begin(), dilations->end(), [](std::int64_t d) { return d == 1; }))
    rewrite.remove("dilations");
}

/// Rounding the number of windows up is the same as padding the end until they fit, where padding counts for
/// nothing.
void drop_ceil_mode(NodeRewrite& rewrite) {
  if (rewrite.integer("ceil_mode", 0) == 0) return rewrite.remove("ceil_mode");
  if (rewrite.integer("count_include_pad", 0) != 0 || rewrite.text("auto_pad", "NOTSET") != "NOTSET") return;
  const Dims dims = rewrite.dims(rewrite.input(0)), out = rewrite.dims(rewrite.node.outputs.at(0));
  const std::size_t axes = dims.size() - 2;
  const Integers kernel = rewrite.integers("kernel_shape").value_or(Integers(axes, 1));
  const Integers strides = rewrite.integers("strides").value_or(Integers(axes, 1));
  const Integers dilations = rewrite.integers("dilations").value_or(Integers(axes, 1));
  Integers pads = rewrite.integers("pads").value_or(Integers(2 * axes, 0));
  for (std::size_t i = 0; i < axes; ++i) {
    const std::int64_t covered = (out[i + 2] - 1) * strides[i] + dilations[i] * (kernel[i] - 1) + 1;
    pads[axes + i] = std::max(pads[axes + i], covered - dims[i + 2] - pads[i]);
    if (pads[axes + i] >= kernel[i]) return;
  }
  rewrite.set("pads", pads);
  rewrite.remove("ceil_mode");
}

void lower_windows(NodeRewrite& rewrite) {
  drop_single_dilations(rewrite);
  drop_ceil_mode(rewrite);
}

/// The norm's power was any number.
void raise_power_2(NodeRewrite& rewrite) {
  const float p = rewrite.real("p", 2);
  if (p != std::floor(p)) rewrite.refuse("since operator set 2 its power is a whole number");
  rewrite.set("p", static_cast<std::int64_t>(p));
}

/// Where padding is odd, the side that a transposed convolution gives it to by either name changed; and where
/// sizes of the output are given it goes to the other side than that of SAME_UPPER.
void exchange_same_padding(NodeRewrite& rewrite) {
  const std::string padding = rewrite.text("auto_pad", "NOTSET");
  if (padding == "NOTSET" && rewrite.has("output_shape")) rewrite.set("auto_pad", std::string("SAME_UPPER"));
  if (padding == "SAME_UPPER") rewrite.set("auto_pad", std::string("SAME_LOWER"));
  if (padding == "SAME_LOWER") rewrite.set("auto_pad", std::string("SAME_UPPER"));
}

}  // namespace

std::vector<Adapter> pooling_adapters() {
  return {
      {"AveragePool", 7},  // padding does not count, unless asked for
      {"AveragePool", 10, nullptr, drop_ceil_mode},
      {"AveragePool", 19, nullptr, drop_single_dilations},
      {"MaxPool", 8},  // indices are an output more
      {"MaxPool", 10, nullptr, lower_windows},
      {"LpPool", 2, raise_power_2},
      {"LpPool", 18, nullptr, lower_windows},
      {"ConvTranspose", 11, exchange_same_padding, exchange_same_padding},
      {"GlobalLpPool", 2, raise_power_2},
  };
}

}  // namespace lapidary
