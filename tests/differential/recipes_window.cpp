#include <algorithm>
#include <functional>

#include "tests/differential/call.h"

namespace lapidary::differential {
namespace {

struct Window {
  std::vector<std::int64_t> kernel, strides, dilations, pads;
};

/// A window that fits into the padded sizes after the first two axes.
Window window_for(Call& call, const Dims& dims, bool dilates) {
  Window window;
  std::vector<std::int64_t> ends;
  for (std::size_t i = 2; i < dims.size(); ++i) {
    window.kernel.push_back(
        call.random.between(1, std::min<std::int64_t>(3, std::max<std::int64_t>(1, dims[i]))));
    window.strides.push_back(call.random.chance(0.6) ? 1 : call.random.between(1, 3));
    window.dilations.push_back(dilates && call.random.chance(0.2) ? 2 : 1);
    const std::int64_t most = window.kernel.back() - 1;
    window.pads.push_back(call.random.chance(0.5) ? 0 : call.random.between(0, most));
    ends.push_back(call.random.chance(0.5) ? window.pads.back() : call.random.between(0, most));
    const std::int64_t extent = (window.kernel.back() - 1) * window.dilations.back() + 1;
    if (dims[i] + window.pads.back() + ends.back() < extent) throw Unsuitable();
  }
  window.pads.insert(window.pads.end(), ends.begin(), ends.end());
  return window;
}

void set_window(Call& call, const Window& window, bool names_kernel, bool may_be_automatic) {
  if (names_kernel) call.set("kernel_shape", window.kernel);
  if (call.random.chance(0.9)) call.set("strides", window.strides);
  if (call.record.find_attribute("dilations") && call.random.chance(0.9))
    call.set("dilations", window.dilations);
  const bool dilated = std::count(window.dilations.begin(), window.dilations.end(), 1) !=
                       static_cast<std::ptrdiff_t>(window.dilations.size());
  // Strides beyond the window would ask for padding below 0, which the standard says nothing of.
  const bool covers =
      std::equal(window.kernel.begin(), window.kernel.end(), window.strides.begin(), std::greater_equal<>());
  if (may_be_automatic && !dilated && covers && call.random.chance(0.25))
    call.set("auto_pad", std::string(call.random.chance(0.6)   ? "SAME_UPPER"
                                     : call.random.chance(0.5) ? "SAME_LOWER"
                                                               : "VALID"));
  else
    call.set("pads", window.pads);
}

Dims image(Call& call) {
  Dims dims = {call.random.between(1, 2), call.random.pick(std::vector<std::int64_t>{1, 2, 3, 4, 8, 16, 17})};
  for (std::int64_t axes = call.random.pick(std::vector<std::int64_t>{1, 2, 2, 2, 3}); axes > 0; --axes)
    dims.push_back(call.random.between(1, axes > 2 ? 5 : 9));
  return dims;
}

/// A tensor that stands there and has image form, or a new one.
Tensor image_input(Call& call) {
  if (call.random.chance(0.6)) return call.any(3, 5);
  return call.sized(image(call));
}

/// Infinity would meet the zeros of padding, and of blocks that are not full, which engines multiply or leave
/// out.
Tensor finite_image(Call& call) {
  const Tensor x = image_input(call);
  require_finite(x);
  return x;
}

void weights(Call& call, const Dims& dims) {
  call.sized(dims, call.draft.fill == Fill::Edges ? std::optional(Fill::Ordinary) : std::nullopt);
}

std::int64_t group_of(Call& call, std::int64_t channels) {
  if (channels < 1) throw Unsuitable();
  std::vector<std::int64_t> groups = {1, 1, channels};
  for (std::int64_t g = 2; g < channels; ++g)
    if (channels % g == 0) groups.push_back(g);
  return call.random.pick(groups);
}

void convolution(Call& call) {
  const Tensor x = finite_image(call);
  const std::int64_t channels = x.dims()[1], group = group_of(call, channels);
  const std::int64_t filters = group * call.random.between(1, group > 4 ? 2 : 8);
  const Window window = window_for(call, x.dims(), true);
  Dims weight = {filters, channels / group};
  weight.insert(weight.end(), window.kernel.begin(), window.kernel.end());
  weights(call, weight);
  if (call.record.name == "ConvInteger") {
    call.optional({});
  } else if (call.random.chance(0.6)) {
    call.sized({filters});
  }
  if (group != 1) call.set("group", group);
  set_window(call, window, call.random.chance(0.7), true);
}

void transposed_convolution(Call& call) {
  const Tensor x = finite_image(call);
  const std::int64_t channels = x.dims()[1], group = group_of(call, channels),
                     filters = call.random.between(1, 4);
  const Window window = window_for(call, x.dims(), true);
  Dims weight = {channels, filters};
  weight.insert(weight.end(), window.kernel.begin(), window.kernel.end());
  weights(call, weight);
  if (call.random.chance(0.5)) call.sized({filters * group});
  if (group != 1) call.set("group", group);
  set_window(call, window, call.random.chance(0.7), false);
  std::vector<std::int64_t> more;
  for (const auto stride : window.strides) more.push_back(call.random.below(stride));
  const bool strided = std::any_of(call.node.attributes.begin(), call.node.attributes.end(),
                                   [](const Attribute& attribute) { return attribute.name == "strides"; });
  if (strided && call.random.chance(0.3)) call.set("output_padding", more);
}

void pooling(Call& call) {
  const Tensor x = image_input(call);
  if (is_floating(x.type())) require_finite(x);
  const bool dilates = call.record.find_attribute("dilations") != nullptr;
  set_window(call, window_for(call, x.dims(), dilates), true, true);
  const bool automatic = std::any_of(call.node.attributes.begin(), call.node.attributes.end(),
                                     [](const Attribute& attribute) { return attribute.name == "auto_pad"; });
  if (!automatic) call.flag("ceil_mode");
  call.flag("count_include_pad");
  if (call.record.name == "MaxPool") call.flag("storage_order");
  if (call.record.name == "LpPool" && call.record.find_attribute("p") && call.version() > 1)
    call.set("p", call.random.between(1, 3));
}

void global_pooling(Call& call) {
  const Tensor x = image_input(call);
  if (x.size() == 0) throw Unsuitable();
  require_finite(x);
}

void resize(Call& call) {
  if (call.record.name == "Upsample" && call.version() < 7) return from_example(call);
  const Tensor x = call.any(3, 4);
  if (x.size() == 0) throw Unsuitable();
  require_finite(x);
  std::vector<float> scales;
  for (int i = 0; i < x.rank(); ++i)
    scales.push_back(i < 2 ? 1.0f : call.random.pick(std::vector<float>{0.5f, 1.0f, 2.0f, 1.5f, 3.0f}));
  for (int i = 2; i < x.rank(); ++i)
    if (static_cast<float>(x.dims()[static_cast<std::size_t>(i)]) * scales[static_cast<std::size_t>(i)] < 1)
      scales[static_cast<std::size_t>(i)] = 2;
  call.set("mode", std::string(call.random.chance(0.5)                          ? "nearest"
                               : call.version() < 11 || call.random.chance(0.6) ? "linear"
                                                                                : "cubic"));
  const Tensor factors = Tensor::of({x.rank()}, scales);
  if (call.record.name == "Upsample" && call.version() < 9) {
    for (auto& scale : scales) scale = std::max(scale, 1.0f);
    return call.set("scales", scales);
  }
  if (call.record.name == "Upsample" || call.version() < 11) {
    for (auto& scale : scales) scale = std::max(scale, 1.0f);
    return call.given(Tensor::of({x.rank()}, scales), 0.9);
  }
  call.absent();
  if (call.random.chance(0.6)) {
    call.given(factors, 0.9);
  } else {
    call.absent();
    std::vector<std::int64_t> sizes = x.dims();
    for (std::size_t i = 2; i < sizes.size(); ++i) sizes[i] = call.random.between(1, 12);
    call.integers(sizes);
  }
  call.word("coordinate_transformation_mode",
            {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"});
  call.word("nearest_mode", {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"});
  call.flag("exclude_outside");
  call.flag("antialias");
}

void grid_sample(Call& call) {
  const Tensor x = call.any(4, 4);
  if (x.size() == 0) throw Unsuitable();
  require_finite(x);
  const Dims dims = {x.dims()[0], call.random.between(1, 4), call.random.between(1, 4), 2};
  call.given(random_tensor(call.random, call.input_type(1), dims, Fill::Ordinary));
  const bool old = call.version() < 20 || !call.record.domain.empty();
  call.word("mode", old ? std::vector<std::string>{"bilinear", "nearest", "bicubic"}
                        : std::vector<std::string>{"linear", "nearest", "cubic"});
  call.word("padding_mode", {"zeros", "border", "reflection"});
  call.flag("align_corners");
}

}  // namespace

RecipeList window_recipes() {
  return {{"Conv", convolution},
          {"ConvInteger", convolution},
          {"ConvTranspose", transposed_convolution},
          {"MaxPool", pooling},
          {"AveragePool", pooling},
          {"LpPool", pooling},
          {"GlobalMaxPool", global_pooling},
          {"GlobalAveragePool", global_pooling},
          {"GlobalLpPool", global_pooling},
          {"Resize", resize},
          {"Upsample", resize},
          {"GridSample", grid_sample},
          {"com.microsoft.GridSample", grid_sample}};
}

}  // namespace lapidary::differential
