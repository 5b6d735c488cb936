// Images of other sizes: Resize, Upsample. All modes are separable: one axis after the other, each output
// coordinate of an axis being a weighted sum of a few input coordinates.

#include <algorithm>
#include <cmath>

#include "engine/model/element_types.h"
#include "engine/model/saturating_cast.h"
#include "engine/ops/arguments.h"
#include "engine/ops/cost.h"
#include "engine/ops/element_move.h"
#include "engine/ops/families.h"
#include "engine/ops/interpolation.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

/// Where one axis goes.
struct AxisScale {
  std::int64_t from, to;  ///< sizes
  double scale;           ///< as asked for; to / from may differ by rounding
  double roi_start = 0, roi_end = 1;
};

/// The attributes of Resize; older versions have fewer.
struct ResizeMode {
  std::string mode, coordinates, nearest;
  double cubic_coefficient, extrapolation;
  bool exclude_outside, antialias;
};

ResizeMode resize_mode(const KernelContext& context) {
  // Before 11 the coordinates were x / scale, and nearest took the one below.
  const bool old = context.version() < 11;
  ResizeMode mode{context.text("mode", "nearest"),
                  context.text("coordinate_transformation_mode", old ? "asymmetric" : "half_pixel"),
                  context.text("nearest_mode", old ? "floor" : "round_prefer_floor"),
                  static_cast<double>(context.real("cubic_coeff_a", -0.75f)),
                  static_cast<double>(context.real("extrapolation_value", 0.0f)),
                  context.integer("exclude_outside", 0) != 0,
                  context.integer("antialias", 0) != 0};
  if (mode.mode == "bilinear") mode.mode = "linear";  // Upsample-1
  if (mode.mode != "nearest" && mode.mode != "linear" && mode.mode != "cubic")
    throw Error("there is no mode '" + mode.mode + "'");
  return mode;
}

/// The input coordinate that output coordinate `x` stands for (`coordinate_transformation_mode`).
double input_coordinate(const std::string& mode, double x, const AxisScale& axis) {
  const double from = static_cast<double>(axis.from), to = axis.scale * from;
  const double half_pixel = (x + 0.5) / axis.scale - 0.5;
  if (mode == "half_pixel") return half_pixel;
  if (mode == "asymmetric") return x / axis.scale;
  if (mode == "pytorch_half_pixel") return axis.to > 1 ? half_pixel : 0;
  if (mode == "align_corners") return axis.to > 1 ? x * (from - 1) / (to - 1) : 0;
  if (mode == "half_pixel_symmetric")  // half_pixel around the centre, where `to` is no whole number
    return from / 2 * (1 - static_cast<double>(axis.to) / to) + half_pixel;
  if (mode == "tf_half_pixel_for_nn") return (x + 0.5) / axis.scale;  // Resize-11 and 13
  if (mode == "tf_crop_and_resize") {
    const double extent = axis.roi_end - axis.roi_start;
    return axis.to > 1
               ? axis.roi_start * (from - 1) + x * extent * (from - 1) / static_cast<double>(axis.to - 1)
               : 0.5 * (axis.roi_start + axis.roi_end) * (from - 1);
  }
  throw Error("there is no coordinate_transformation_mode '" + mode + "'");
}

std::int64_t nearest_index(const std::string& mode, double x) {
  if (mode == "floor") return static_cast<std::int64_t>(std::floor(x));
  if (mode == "ceil") return static_cast<std::int64_t>(std::ceil(x));
  if (mode == "round_prefer_ceil") return static_cast<std::int64_t>(std::floor(x + 0.5));
  if (mode == "round_prefer_floor") return static_cast<std::int64_t>(std::ceil(x - 0.5));
  throw Error("there is no nearest_mode '" + mode + "'");
}

/// The samples that make one output coordinate.
struct Samples {
  std::vector<std::int64_t> indices;
  std::vector<double> weights;
  bool is_outside = false;  ///< takes the extrapolation value instead
};

/// Linear or cubic weights around `x`. With `antialias` and a scale below 1 the kernel is stretched by 1 /
/// scale.
Samples kernel_samples(const ResizeMode& mode, double x, const AxisScale& axis) {
  const bool cubic = mode.mode == "cubic";
  const double widest = std::max(1.0, static_cast<double>(axis.from));
  const double stretch = mode.antialias ? std::clamp(1.0 / axis.scale, 1.0, widest) : 1.0;
  const double radius = (cubic ? 2.0 : 1.0) * stretch;
  Samples samples;
  double sum = 0;
  for (auto i = static_cast<std::int64_t>(std::floor(x - radius)) + 1; static_cast<double>(i) < x + radius;
       ++i) {
    const double distance = (static_cast<double>(i) - x) / stretch;
    double weight =
        cubic ? cubic_kernel(distance, mode.cubic_coefficient) : std::max(0.0, 1.0 - std::abs(distance));
    if (mode.exclude_outside && (i < 0 || i >= axis.from)) weight = 0;
    samples.indices.push_back(std::clamp<std::int64_t>(i, 0, axis.from - 1));
    samples.weights.push_back(weight);
    sum += weight;
  }
  if ((mode.exclude_outside || stretch > 1) && sum != 0)
    for (auto& weight : samples.weights) weight /= sum;
  return samples;
}

std::vector<Samples> axis_samples(const ResizeMode& mode, const AxisScale& axis) {
  std::vector<Samples> list;
  for (std::int64_t i = 0; i < axis.to; ++i) {
    double x = input_coordinate(mode.coordinates, static_cast<double>(i), axis);
    const bool is_inside = x >= 0 && x <= static_cast<double>(axis.from - 1);
    if (!is_inside) x = std::isnan(x) ? 0 : std::clamp(x, -0x1p40, 0x1p40);  // regions may lie anywhere
    Samples samples;
    if (mode.mode == "nearest")
      samples = {{std::clamp<std::int64_t>(nearest_index(mode.nearest, x), 0, axis.from - 1)}, {1.0}};
    else
      samples = kernel_samples(mode, x, axis);
    samples.is_outside = mode.coordinates == "tf_crop_and_resize" && !is_inside;
    list.push_back(std::move(samples));
  }
  return list;
}

/// One axis of `from` [outer, samples, inner] resampled.
template <class Number>
std::vector<Number> resampled(const std::vector<Number>& from, const std::vector<Samples>& samples,
                              std::int64_t size, std::int64_t outer, std::int64_t inner,
                              Number extrapolation) {
  std::vector<Number> result(static_cast<std::size_t>(outer * inner) * samples.size());
  Number* to = result.data();
  for (std::int64_t o = 0; o < outer; ++o)
    for (const auto& sample : samples) {
      if (sample.is_outside) std::fill_n(to, inner, extrapolation);
      for (std::size_t k = 0; !sample.is_outside && k < sample.indices.size(); ++k) {
        const Number* row = from.data() + (o * size + sample.indices[k]) * inner;
        const auto weight = static_cast<Number>(sample.weights[k]);
        for (std::int64_t i = 0; i < inner; ++i) to[i] += weight * row[i];
      }
      to += inner;
    }
  return result;
}

/// Rounded and cut to what T holds, where T is an integer.
template <class T, class Number>
T from_number(Number value) {
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    using Limits = std::numeric_limits<T>;
    if (!(value > static_cast<Number>(Limits::lowest()))) return Limits::lowest();
    if (value >= static_cast<Number>(Limits::max())) return Limits::max();
    return static_cast<T>(value);
  } else {
    return static_cast<T>(value);
  }
}

/// Nearest without extrapolation only moves elements, of whatever type.
Tensor nearest(const Tensor& input, const std::vector<AxisScale>& axes, const ResizeMode& mode) {
  Tensor current = input;
  for (std::size_t a = 0; a < axes.size(); ++a) {
    if (axes[a].from == axes[a].to && axes[a].scale == 1.0 && mode.coordinates != "tf_crop_and_resize")
      continue;
    Dims dims = current.dims();
    dims[a] = axes[a].to;
    Tensor next(current.type(), dims);
    const auto samples = axis_samples(mode, axes[a]);
    const std::int64_t outer = count_between(dims, 0, a), inner = count_between(dims, a + 1, dims.size());
    dispatch_by_size(current.type(), [&]<class T>() {
      T* to = mutable_elements<T>(next);
      for (std::int64_t o = 0; o < outer; ++o)
        for (const auto& sample : samples)
          to = std::copy_n(elements<T>(current) + (o * axes[a].from + sample.indices[0]) * inner, inner, to);
    });
    current = std::move(next);
  }
  return current;
}

template <class T>
void interpolate(const Tensor& input, Tensor& output, const std::vector<AxisScale>& axes,
                 const ResizeMode& mode) {
  using Number = std::conditional_t<std::is_same_v<ComputeType<T>, float>, float, double>;
  std::vector<Number> values(static_cast<std::size_t>(input.size()));
  std::transform(input.data<T>(), input.data<T>() + input.size(), values.begin(),
                 [](T value) { return static_cast<Number>(value); });
  Dims dims = input.dims();
  for (std::size_t a = axes.size(); a-- > 0;) {
    if (axes[a].from == axes[a].to && axes[a].scale == 1.0 && mode.coordinates != "tf_crop_and_resize")
      continue;
    values = resampled(values, axis_samples(mode, axes[a]), dims[a], count_between(dims, 0, a),
                       count_between(dims, a + 1, dims.size()), static_cast<Number>(mode.extrapolation));
    dims[a] = axes[a].to;
  }
  std::transform(values.begin(), values.end(), output.mutable_data<T>(),
                 [](Number value) { return from_number<T>(value); });
}

Tensor resized(const Tensor& input, const std::vector<AxisScale>& axes, const ResizeMode& mode) {
  Dims dims;
  for (const auto& axis : axes) {
    if (axis.from == 0 && axis.to != 0) throw Error("an axis without elements cannot be resized");
    dims.push_back(axis.to);
  }
  const bool may_extrapolate = mode.coordinates == "tf_crop_and_resize";
  Tensor output(input.type(), dims);
  if (output.size() == 0) return output;
  if (mode.mode == "nearest" && !may_extrapolate) return nearest(input, axes, mode);
  dispatch(NumberAndBoolTypes{}, input.type(), [&]<class T>() { interpolate<T>(input, output, axes, mode); });
  return output;
}

// --- the arguments of Resize, whose places changed between versions ---

/// Inputs of Resize by version: 10 has (X, scales), 11 and later (X, roi, scales, sizes). Upsample-9 is like
/// Resize-10.
struct ResizeInputs {
  std::optional<std::size_t> roi, scales, sizes;
};

ResizeInputs resize_inputs(const Node& node, int version) {
  if (node.op_type == "Upsample" || version < 11) return {std::nullopt, 1, std::nullopt};
  return {1, 2, 3};
}

/// floor(size · scale), the output's size where scales are given. Multiplied in the scales' own type:
/// exporters divide sizes in float32, and 5 · (9 / 5) is 9 only there.
std::int64_t scaled_size(std::int64_t size, double scale) {
  const float result = std::floor(static_cast<float>(size) * static_cast<float>(scale));
  if (!(scale > 0) || !(result < 0x1p40)) throw Error("a scale is not positive, or too large");
  return static_cast<std::int64_t>(result);
}

std::optional<std::vector<double>> given_numbers(const KernelContext& context,
                                                 std::optional<std::size_t> input) {
  if (!input || !context.has_input(*input) || context.input(*input).size() == 0) return std::nullopt;
  return values_as<double>(context.input(*input));
}

/// Scales from attributes: Upsample-1 has two, for height and width, and Upsample-7 one for each axis.
std::optional<std::vector<double>> attribute_scales(const KernelContext& context) {
  if (context.has_attribute("scales")) {
    const auto scales = context.attribute("scales", std::vector<float>{});
    return std::vector<double>(scales.begin(), scales.end());
  }
  if (!context.has_attribute("height_scale")) return std::nullopt;
  return std::vector<double>{1, 1, static_cast<double>(context.real("height_scale", 1)),
                             static_cast<double>(context.real("width_scale", 1))};
}

/// `keep_aspect_ratio_policy`: one scale for all axes, the smallest or largest that the sizes ask for.
void keep_aspect_ratio(const std::string& policy, std::vector<AxisScale>& axes,
                       const std::vector<std::int64_t>& named) {
  if (policy == "stretch") return;
  if (policy != "not_larger" && policy != "not_smaller")
    throw Error("there is no keep_aspect_ratio_policy '" + policy + "'");
  double scale = policy == "not_larger" ? HUGE_VAL : 0;
  for (const auto axis : named) {
    const double wanted = axes[static_cast<std::size_t>(axis)].scale;
    scale = policy == "not_larger" ? std::min(scale, wanted) : std::max(scale, wanted);
  }
  for (const auto axis : named) {
    AxisScale& a = axes[static_cast<std::size_t>(axis)];
    a.scale = scale;
    a.to = saturating_cast<std::int64_t>(std::floor(scale * static_cast<double>(a.from) + 0.5));
  }
}

std::vector<AxisScale> axis_scales(const KernelContext& context, const Dims& dims) {
  const ResizeInputs at = resize_inputs(context.node(), context.version());
  const auto rank = static_cast<std::int64_t>(dims.size());
  const auto named = normalized_axes(context.attribute("axes", all_axes(dims.size())), rank);
  auto scales = given_numbers(context, at.scales);
  if (!scales) scales = attribute_scales(context);
  const auto sizes = at.sizes ? context.optional_integers(*at.sizes) : std::nullopt;
  if (scales && sizes && !sizes->empty()) throw Error("both scales and sizes are given");
  const auto roi = given_numbers(context, at.roi);
  const std::size_t given = scales ? scales->size() : (sizes ? sizes->size() : 0);
  if (given != named.size())
    throw Error(std::to_string(given) + " scales or sizes are given for " + std::to_string(named.size()) +
                " axes");
  std::vector<AxisScale> axes;
  for (const auto size : dims) axes.push_back({size, size, 1.0});
  for (std::size_t i = 0; i < named.size(); ++i) {
    AxisScale& axis = axes[static_cast<std::size_t>(named[i])];
    if (roi && roi->size() == 2 * named.size())
      axis.roi_start = (*roi)[i], axis.roi_end = (*roi)[named.size() + i];
    if (scales) {
      axis.scale = (*scales)[i];
      const bool cropped = context.text("coordinate_transformation_mode", "") == "tf_crop_and_resize";
      const double extent = cropped ? axis.roi_end - axis.roi_start : 1.0;
      axis.to = scaled_size(axis.from, axis.scale * extent);
    } else {
      axis.to = (*sizes)[i];
      axis.scale = axis.from == 0 ? 1.0 : static_cast<double>(axis.to) / static_cast<double>(axis.from);
    }
  }
  if (!scales) keep_aspect_ratio(context.text("keep_aspect_ratio_policy", "stretch"), axes, named);
  return axes;
}

void resize(KernelContext& context) {
  const Tensor& input = context.input(0);
  context.set_output(0, resized(input, axis_scales(context, input.dims()), resize_mode(context)));
}

// --- inference ---

/// A size times a constant scale: exact for whole scales and their reciprocals.
Dimension scaled(const Dimension& size, double scale) {
  if (!(scale > 1e-6) || scale > 1e6) return Dimension::unknown();
  if (size.is_constant()) return scaled_size(size.value(), scale);
  if (scale == std::floor(scale)) return size * Dimension(static_cast<std::int64_t>(scale));
  const double divisor = std::round(1 / scale);
  if (1 / divisor == scale || static_cast<float>(1 / divisor) == static_cast<float>(scale))
    return floor_div(size, Dimension(static_cast<std::int64_t>(divisor)));
  return Dimension::unknown();
}

std::optional<std::vector<double>> known_scales(InferenceContext& context, const ResizeInputs& at) {
  const Tensor* tensor =
      at.scales && context.has_input(*at.scales) ? context.input_constant(*at.scales) : nullptr;
  if (tensor && tensor->size() > 0 && !tensor->is_string()) return values_as<double>(*tensor);
  const auto scales = context.node().attribute_or("scales", std::vector<float>{});
  if (!scales.empty()) return std::vector<double>(scales.begin(), scales.end());
  if (!context.has_attribute("height_scale")) return std::nullopt;
  return std::vector<double>{1, 1, static_cast<double>(context.real("height_scale", 1)),
                             static_cast<double>(context.real("width_scale", 1))};
}

/// Sizes after keep_aspect_ratio_policy, if all is known.
void resize_to_sizes(InferenceContext& context, Shape& shape, const std::vector<Dimension>& sizes,
                     const std::vector<std::int64_t>& axes) {
  const std::string policy = context.text("keep_aspect_ratio_policy", "stretch");
  std::vector<AxisScale> scales;
  for (const auto& size : shape) scales.push_back({size.value_or(0), size.value_or(0), 1.0});
  bool is_known = true;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(axes[i]);
    is_known = is_known && sizes[i].is_constant() && scales[axis].from > 0;
    scales[axis].to = sizes[i].value_or(0);
    scales[axis].scale =
        is_known ? static_cast<double>(scales[axis].to) / static_cast<double>(scales[axis].from) : 1.0;
    shape[axis] = policy == "stretch" ? checked_size(context, sizes[i]) : Dimension::unknown();
  }
  if (policy == "stretch" || !is_known || (policy != "not_larger" && policy != "not_smaller")) return;
  keep_aspect_ratio(policy, scales, axes);
  for (const auto axis : axes)
    shape[static_cast<std::size_t>(axis)] = scales[static_cast<std::size_t>(axis)].to;
}

void infer_resize(InferenceContext& context) {
  std::optional<Shape> result = context.input_shape(0);
  if (result) {
    const ResizeInputs at = resize_inputs(context.node(), context.version());
    const auto axes = normalized_axes(
        context, context.has_attribute("axes") ? context.integers("axes") : all_axes(result->size()),
        result->size());
    const auto scales = known_scales(context, at);
    const auto sizes =
        at.sizes && context.has_input(*at.sizes) ? known_values(context, *at.sizes) : std::nullopt;
    const bool cropped = context.text("coordinate_transformation_mode", "") == "tf_crop_and_resize";
    if (axes && sizes && sizes->size() == axes->size())
      resize_to_sizes(context, *result, *sizes, *axes);
    else
      for (std::size_t i = 0; axes && i < axes->size(); ++i) {
        Dimension& size = (*result)[static_cast<std::size_t>((*axes)[i])];
        size = scales && scales->size() == axes->size() && !cropped ? scaled(size, (*scales)[i])
                                                                    : Dimension::unknown();
      }
  }
  context.set_output(0, context.input_element(0), std::move(result));
}

// --- records ---

/// Upsample-1 has two scales as attributes, 7 one for each axis, 9 makes them an input; 10 deprecates it.
void register_upsample(OperatorTable& table) {
  const Operator base =
      Operator("Upsample", 1, OperatorKind::PoolingAndReduction)
          .summary("A larger image; the forerunner of Resize.")
          .input("X", "T", "The tensor to enlarge.")
          .output("Y", "T", "The enlarged tensor.")
          .attribute("mode", std::string("nearest"), "nearest or linear (bilinear in version 1).")
          .constraint("T", types::all())
          .infer(infer_resize)
          .kernel(resize)
          .cost(per_element(4));
  table.add(base.at(1)
                .required_attribute("height_scale", AttributeType::Float, "Of the third axis.")
                .required_attribute("width_scale", AttributeType::Float, "Of the fourth axis.")
                .example("X = float[1, 1, 1, 2]{1, 2}; height_scale = 1; width_scale = 2")
                .constraint("T", types::tensors({"bool", "int32", "int64", "float16", "float", "double"})));
  table.add(base.at(7)
                .required_attribute("scales", AttributeType::Floats, "One for each axis.")
                .example("X = float[1, 1, 1, 2]{1, 2}; scales = [1, 1, 1, 2]"));
  const Operator upsample_9 = base.at(9)
                                  .input("scales", "tensor(float)", "One for each axis.")
                                  .example("X = float[1, 1, 1, 2]{1, 2}; scales = float[4]{1, 1, 1, 2}");
  table.add(upsample_9);
  table.add(upsample_9.at(10).deprecated());
}

Operator resize_11() {
  return Operator("Resize", 11, OperatorKind::PoolingAndReduction)
      .summary("A tensor at other sizes, each element interpolated between its neighbours.")
      .input("X", "T1", "The tensor to resize.")
      .input("roi", "T2",
             "Part of the input to resize, starts then ends from 0 to 1, for tf_crop_and_resize.")
      .input("scales", "tensor(float)", "Output size over input size; empty where sizes are given.")
      .optional_input("sizes", "tensor(int64)", "Output sizes.")
      .example(
          R"(X = float[1, 1, 1, 2]{1, 2}; roi = float[0]{}; scales = float[4]{1, 1, 1, 2}; mode = "linear")")
      .output("Y", "T1", "The tensor in its new sizes.")
      .attribute("mode", std::string("nearest"), "nearest, linear or cubic.")
      .attribute("coordinate_transformation_mode", std::string("half_pixel"),
                 "Which input coordinate an output coordinate stands for: half_pixel, half_pixel_symmetric "
                 "(from 19), "
                 "pytorch_half_pixel, align_corners, asymmetric, tf_half_pixel_for_nn (before 13), "
                 "tf_crop_and_resize.")
      .attribute("nearest_mode", std::string("round_prefer_floor"),
                 "Which neighbour is nearest: round_prefer_floor, round_prefer_ceil, floor or ceil.")
      .attribute("cubic_coeff_a", -0.75f, "Coefficient of the cubic kernel.")
      .attribute("exclude_outside", std::int64_t{0},
                 "1 gives neighbours outside no weight instead of repeating the border.")
      .attribute("extrapolation_value", 0.0f, "What stands outside the input, for tf_crop_and_resize.")
      .constraint("T1", types::all())
      .constraint("T2", types::floats())
      .infer(infer_resize)
      .kernel(resize)
      .cost(per_element(4));
}

}  // namespace

/// 10 is Upsample's successor with downscaling; 11 adds roi, sizes and coordinate modes; 18 antialias, axes
/// and aspect ratios; 19 half_pixel_symmetric.
void register_resize(OperatorTable& table) {
  register_upsample(table);
  table.add(Operator("Resize", 10, OperatorKind::PoolingAndReduction)
                .summary("A tensor at other sizes; coordinates are divided by the scales.")
                .input("X", "T", "The tensor to resize.")
                .input("scales", "tensor(float)", "One for each axis.")
                .example("X = float[1, 1, 1, 2]{1, 2}; scales = float[4]{1, 1, 1, 2}")
                .output("Y", "T", "The tensor in its new sizes.")
                .attribute("mode", std::string("nearest"), "nearest or linear.")
                .constraint("T", types::all())
                .infer(infer_resize)
                .kernel(resize)
                .cost(per_element(4)));
  table.add(resize_11());
  const Operator resize_13 =
      resize_11()
          .clear_inputs()
          .input("X", "T1", "The tensor to resize.")
          .optional_input("roi", "T2", "Part of the input to resize, for tf_crop_and_resize.")
          .optional_input("scales", "tensor(float)", "Output size over input size.")
          .optional_input("sizes", "tensor(int64)", "Output sizes; give these or scales.")
          .example(R"(X = float[1, 1, 1, 2]{1, 2}; sizes = int64[4]{1, 1, 1, 4}; mode = "linear")")
          .constraint("T1", types::all_and_bfloat16());
  table.add(resize_13.at(13));
  const Operator resize_18 =
      Operator(resize_13)
          .attribute("antialias", std::int64_t{0},
                     "1 widens the linear or cubic kernel where it scales down.")
          .optional_attribute("axes", AttributeType::Ints,
                              "Axes that roi, scales and sizes belong to; all if left out.")
          .attribute(
              "keep_aspect_ratio_policy", std::string("stretch"),
              "With sizes: stretch, not_larger or not_smaller, the latter two with one scale for all axes.");
  table.add(resize_18.at(18));
  table.add(resize_18.at(19));
  table.note_change("Resize", 13, "`coordinate_transformation_mode` is no longer tf_half_pixel_for_nn");
  table.note_change("Resize", 19, "`coordinate_transformation_mode` may be half_pixel_symmetric");
}

}  // namespace lapidary
