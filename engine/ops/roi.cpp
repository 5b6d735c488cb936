// Regions of an image pooled to one size: RoiAlign, MaxRoiPool.

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/model/element_types.h"
#include "engine/ops/arguments.h"
#include "engine/ops/cost.h"
#include "engine/ops/element_move.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

/// Sizes of the images [N, C, H, W] and of what each region becomes.
struct RoiSizes {
  std::int64_t batch, channels, height, width, pooled_height, pooled_width;
};

/// A region of image `batch`, in pixels.
struct Region {
  std::int64_t batch;
  double left, top, right, bottom;
};

void check_region(const Region& region, const RoiSizes& sizes) {
  if (region.batch < 0 || region.batch >= sizes.batch)
    throw Error("a region names image " + std::to_string(region.batch) + " of " +
                std::to_string(sizes.batch));
  for (const double edge : {region.left, region.top, region.right, region.bottom})
    if (!(std::abs(edge) < 0x1p30)) throw Error("a region has no usable bounds");
}

template <class T>
T rounded(double value) {
  if constexpr (is_small_float<T>)
    return static_cast<T>(static_cast<float>(value));
  else
    return static_cast<T>(value);
}

// --- RoiAlign ---

/// The four pixels around a point, with bilinear weights; all weights 0 where it lies outside.
struct Corners {
  std::array<std::int64_t, 4> places{};
  std::array<double, 4> weights{};
};

Corners corners_of(double y, double x, std::int64_t height, std::int64_t width) {
  if (y < -1 || y > static_cast<double>(height) || x < -1 || x > static_cast<double>(width)) return {};
  y = std::clamp(y, 0.0, static_cast<double>(height - 1));
  x = std::clamp(x, 0.0, static_cast<double>(width - 1));
  const auto top = static_cast<std::int64_t>(y), left = static_cast<std::int64_t>(x);
  const std::int64_t bottom = std::min(top + 1, height - 1), right = std::min(left + 1, width - 1);
  const double down = y - static_cast<double>(top), over = x - static_cast<double>(left);
  return {{top * width + left, top * width + right, bottom * width + left, bottom * width + right},
          {(1 - down) * (1 - over), (1 - down) * over, down * (1 - over), down * over}};
}

struct AlignMode {
  bool half_pixel, maximum;
  std::int64_t sampling_ratio;
  double scale;
};

/// RoiAlign-10 has no half-pixel shift; 16 has it unless told otherwise.
AlignMode align_mode(const KernelContext& context) {
  const std::string shift = context.text("coordinate_transformation_mode",
                                         context.version() < 16 ? "output_half_pixel" : "half_pixel");
  const std::string mode = context.text("mode", "avg");
  if (mode != "avg" && mode != "max") throw Error("RoiAlign has no mode '" + mode + "'");
  return {shift == "half_pixel", mode == "max", context.integer("sampling_ratio", 0),
          static_cast<double>(context.real("spatial_scale", 1.0f))};
}

/// How many samples a bin has along one side.
std::int64_t bin_samples(const AlignMode& mode, double extent, std::int64_t bins) {
  constexpr std::int64_t most = 4096;
  const double wanted = mode.sampling_ratio > 0 ? static_cast<double>(mode.sampling_ratio)
                                                : std::ceil(extent / static_cast<double>(bins));
  if (wanted > static_cast<double>(most)) throw Error("a region needs more than 4096 samples for each bin");
  return static_cast<std::int64_t>(wanted);
}

/// Sample points of one bin after the other, in row-major order of the bins; the same number for each.
std::vector<Corners> bin_points(const Region& region, const RoiSizes& sizes, const AlignMode& mode) {
  double height = region.bottom - region.top, width = region.right - region.left;
  if (!mode.half_pixel) height = std::max(height, 1.0), width = std::max(width, 1.0);
  const double bin_height = height / static_cast<double>(sizes.pooled_height);
  const double bin_width = width / static_cast<double>(sizes.pooled_width);
  const std::int64_t rows = bin_samples(mode, height, sizes.pooled_height);
  const std::int64_t columns = bin_samples(mode, width, sizes.pooled_width);
  const auto position = [](double start, double size, std::int64_t bin, std::int64_t i, std::int64_t count) {
    return start +
           size * (static_cast<double>(bin) + (static_cast<double>(i) + 0.5) / static_cast<double>(count));
  };
  std::vector<Corners> points;
  for (std::int64_t ph = 0; ph < sizes.pooled_height; ++ph)
    for (std::int64_t pw = 0; pw < sizes.pooled_width; ++pw)
      for (std::int64_t i = 0; i < rows; ++i)
        for (std::int64_t j = 0; j < columns; ++j)
          points.push_back(corners_of(position(region.top, bin_height, ph, i, rows),
                                      position(region.left, bin_width, pw, j, columns), sizes.height,
                                      sizes.width));
  return points;
}

/// The average of the interpolated samples; or, as the standard's own data has it, the largest weighted
/// pixel.
template <class T>
double pooled_bin(const T* image, const Corners* points, std::size_t count, bool maximum) {
  double sum = 0, largest = 0;
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t k = 0; k < 4; ++k) {
      const double value = points[i].weights[k] * static_cast<double>(image[points[i].places[k]]);
      sum += value;
      largest = i + k == 0 ? value : std::max(largest, value);
    }
  return maximum ? largest : sum / static_cast<double>(std::max<std::size_t>(count, 1));
}

RoiSizes roi_sizes(const Tensor& input, std::int64_t pooled_height, std::int64_t pooled_width) {
  if (input.rank() != 4) throw Error("images of [N, C, H, W] are needed, not " + to_string(input.dims()));
  if (pooled_height <= 0 || pooled_width <= 0) throw Error("the pooled size must be positive");
  const Dims& d = input.dims();
  return {d[0], d[1], d[2], d[3], pooled_height, pooled_width};
}

void roi_align(KernelContext& context) {
  const Tensor &input = context.input(0), &regions = context.input(1);
  const RoiSizes sizes =
      roi_sizes(input, context.integer("output_height", 1), context.integer("output_width", 1));
  const AlignMode mode = align_mode(context);
  const auto batches = context.integers(2);
  const auto count = static_cast<std::int64_t>(batches.size());
  if (regions.dims() != Dims{count, 4}) throw Error("rois must be [" + std::to_string(count) + ", 4]");
  const auto bounds = values_as<double>(regions);
  Tensor& output =
      context.output(0, input.type(), {count, sizes.channels, sizes.pooled_height, sizes.pooled_width});
  if (output.size() == 0) return;
  if (input.size() == 0) throw Error("there is nothing to pool in " + to_string(input.dims()));
  const double shift = mode.half_pixel ? 0.5 : 0.0;
  const auto bins = static_cast<std::size_t>(sizes.pooled_height * sizes.pooled_width);
  dispatch(FloatTypes{}, input.type(), [&]<class T>() {
    T* to = output.mutable_data<T>();
    for (std::size_t r = 0; r < batches.size(); ++r) {
      context.cancel.check();
      const double* b = bounds.data() + r * 4;
      const Region region{batches[r], b[0] * mode.scale - shift, b[1] * mode.scale - shift,
                          b[2] * mode.scale - shift, b[3] * mode.scale - shift};
      check_region(region, sizes);
      const auto points = bin_points(region, sizes, mode);
      const std::size_t each = points.size() / bins;
      for (std::int64_t c = 0; c < sizes.channels; ++c) {
        const T* image = input.data<T>() + (region.batch * sizes.channels + c) * sizes.height * sizes.width;
        for (std::size_t bin = 0; bin < bins; ++bin)
          *to++ = rounded<T>(pooled_bin(image, points.data() + bin * each, each, mode.maximum));
      }
    }
  });
}

void infer_roi_align(InferenceContext& context) {
  const auto &input = context.input_shape(0), &regions = context.input_shape(1),
             &batches = context.input_shape(2);
  Shape result{Dimension::unknown(), Dimension::unknown(), context.integer("output_height", 1),
               context.integer("output_width", 1)};
  if (input && input->size() == 4) result[1] = (*input)[1];
  if (regions && regions->size() == 2) result[0] = (*regions)[0];
  if (batches && batches->size() == 1 && !result[0].is_constant() && (*batches)[0].is_known())
    result[0] = (*batches)[0];
  context.set_output(0, context.input_element(0), std::move(result));
}

// --- MaxRoiPool ---

/// Pixels [begin, end) that bin `bin` of `bins` covers of a region that starts at `start`.
std::pair<std::int64_t, std::int64_t> bin_pixels(std::int64_t start, std::int64_t extent, std::int64_t bin,
                                                 std::int64_t bins, std::int64_t size) {
  const double each = static_cast<double>(extent) / static_cast<double>(bins);
  const auto begin = start + static_cast<std::int64_t>(std::floor(static_cast<double>(bin) * each));
  const auto end = start + static_cast<std::int64_t>(std::ceil(static_cast<double>(bin + 1) * each));
  return {std::clamp<std::int64_t>(begin, 0, size), std::clamp<std::int64_t>(end, 0, size)};
}

template <class T>
void pool_region(const T* image, T* to, const Region& region, const RoiSizes& sizes) {
  const auto left = static_cast<std::int64_t>(std::round(region.left)),
             top = static_cast<std::int64_t>(std::round(region.top));
  const auto width =
      std::max<std::int64_t>(static_cast<std::int64_t>(std::round(region.right)) - left + 1, 1);
  const auto height =
      std::max<std::int64_t>(static_cast<std::int64_t>(std::round(region.bottom)) - top + 1, 1);
  for (std::int64_t c = 0; c < sizes.channels; ++c, image += sizes.height * sizes.width)
    for (std::int64_t ph = 0; ph < sizes.pooled_height; ++ph)
      for (std::int64_t pw = 0; pw < sizes.pooled_width; ++pw) {
        const auto [row, row_end] = bin_pixels(top, height, ph, sizes.pooled_height, sizes.height);
        const auto [column, column_end] = bin_pixels(left, width, pw, sizes.pooled_width, sizes.width);
        const bool is_empty = row >= row_end || column >= column_end;
        T largest = is_empty ? T{} : image[row * sizes.width + column];
        for (std::int64_t i = row; !is_empty && i < row_end; ++i)
          largest = std::max(largest, *std::max_element(image + i * sizes.width + column,
                                                        image + i * sizes.width + column_end));
        *to++ = largest;
      }
}

void max_roi_pool(KernelContext& context) {
  const Tensor &input = context.input(0), &regions = context.input(1);  // [regions, 5]: image, x1, y1, x2, y2
  const auto shape = context.integers("pooled_shape");
  if (shape.size() != 2 || regions.rank() != 2 || regions.dims()[1] != 5)
    throw Error("pooled_shape must be [height, width] and rois [count, 5]");
  const RoiSizes sizes = roi_sizes(input, shape[0], shape[1]);
  const double scale = static_cast<double>(context.real("spatial_scale", 1.0f));
  const auto bounds = values_as<double>(regions);
  const std::int64_t count = regions.dims()[0];
  Tensor& output = context.output(0, input.type(), {count, sizes.channels, shape[0], shape[1]});
  if (output.size() == 0) return;
  dispatch(FloatTypes{}, input.type(), [&]<class T>() {
    for (std::int64_t r = 0; r < count; ++r) {
      context.cancel.check();
      const double* b = bounds.data() + r * 5;
      if (!(std::abs(b[0]) < 0x1p30)) throw Error("a region names no image");
      const Region region{static_cast<std::int64_t>(b[0]), b[1] * scale, b[2] * scale, b[3] * scale,
                          b[4] * scale};
      check_region(region, sizes);
      pool_region(input.data<T>() + region.batch * sizes.channels * sizes.height * sizes.width,
                  output.mutable_data<T>() + r * (output.size() / count), region, sizes);
    }
  });
}

void infer_max_roi_pool(InferenceContext& context) {
  const auto &input = context.input_shape(0), &regions = context.input_shape(1);
  const auto shape = context.integers("pooled_shape");
  Shape result = unknown_shape(4);
  if (regions && regions->size() == 2) result[0] = (*regions)[0];
  if (input && input->size() == 4) result[1] = (*input)[1];
  if (shape.size() == 2) result[2] = shape[0], result[3] = shape[1];
  context.set_output(0, context.input_element(0), std::move(result));
}

}  // namespace

void register_roi(OperatorTable& table) {
  const Operator align_10 =
      Operator("RoiAlign", 10, OperatorKind::PoolingAndReduction)
          .summary("Regions of an image pooled to one size, from samples interpolated between pixels.")
          .input("X", "T1", "[N, C, H, W].")
          .input("rois", "T1", "[regions, 4]: x1, y1, x2, y2.")
          .input("batch_indices", "T2", "Image of each region, [regions].")
          .output("Y", "T1", "[regions, C, output_height, output_width].")
          .attribute("mode", std::string("avg"), "avg or max.")
          .attribute("output_height", std::int64_t{1}, "Rows of bins.")
          .attribute("output_width", std::int64_t{1}, "Columns of bins.")
          .attribute("sampling_ratio", std::int64_t{0},
                     "Samples along each side of a bin; 0 takes about one a pixel.")
          .attribute("spatial_scale", 1.0f, "Pixels of X for one unit of a region's coordinates.")
          .constraint("T1", types::floats())
          .constraint("T2", types::tensors({"int64"}))
          .infer(infer_roi_align)
          .kernel(roi_align)
          .example(
              "X = float[1, 1, 3, 3]{1..9}; rois = float[1, 4]{0, 0, 2, 2}; batch_indices = int64[1]{0}; "
              "output_height = 2; output_width = 2")
          .cost(per_element(8));
  table.add(align_10);
  const Operator align_16 = align_10.at(16).attribute(
      "coordinate_transformation_mode", std::string("half_pixel"),
      "half_pixel moves regions by half a pixel; output_half_pixel does as version 10.");
  table.add(align_16);
  table.add(align_16.at(22).constraint("T1", types::floats_and_bfloat16()));
  const Operator pool_1 =
      Operator("MaxRoiPool", 1, OperatorKind::PoolingAndReduction)
          .summary("The largest pixel of each bin of a region.")
          .input("X", "T", "[N, C, H, W].")
          .input("rois", "T", "[regions, 5]: image, x1, y1, x2, y2.")
          .output("Y", "T", "[regions, C, pooled height, pooled width].")
          .required_attribute("pooled_shape", AttributeType::Ints, "Rows and columns of bins.")
          .attribute("spatial_scale", 1.0f, "Pixels of X for one unit of a region's coordinates.")
          .constraint("T", types::floats())
          .infer(infer_max_roi_pool)
          .kernel(max_roi_pool)
          .example("X = float[1, 1, 3, 3]{1..9}; rois = float[1, 5]{0, 0, 0, 2, 2}; pooled_shape = [2, 2]")
          .cost(per_input_element(1));
  table.add(pool_1);
  table.add(pool_1.at(22).constraint("T", types::floats_and_bfloat16()));
}

}  // namespace lapidary
