// Images sampled where a grid says: GridSample, AffineGrid.

#include <algorithm>
#include <cmath>

#include "engine/model/element_types.h"
#include "engine/ops/arguments.h"
#include "engine/ops/cost.h"
#include "engine/ops/element_move.h"
#include "engine/ops/families.h"
#include "engine/ops/grid_sampling.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

// --- GridSample ---

struct SampleSizes {
  Dims input;  ///< spatial
  std::int64_t channels, points;
};

/// All channels of one image.
template <class T, class Coordinate>
void sample_image(const T* image, const Coordinate* grid, T* to, const SampleSizes& sizes,
                  const SampleMode& mode) {
  const std::int64_t plane = element_count(sizes.input);
  std::vector<Share> shares;
  std::vector<double> point(sizes.input.size());
  for (std::int64_t p = 0; p < sizes.points; ++p) {
    for (std::size_t i = 0; i < point.size(); ++i)
      point[i] = static_cast<double>(
          grid[p * static_cast<std::int64_t>(point.size()) + static_cast<std::int64_t>(i)]);
    shares_of(point.data(), sizes.input, mode, shares);
    for (std::int64_t c = 0; c < sizes.channels; ++c) {
      double sum = 0;
      for (const Share& share : shares)
        sum += share.weight * static_cast<double>(image[c * plane + share.place]);
      if constexpr (is_small_float<T>)
        to[c * sizes.points + p] = static_cast<T>(static_cast<float>(sum));
      else
        to[c * sizes.points + p] = static_cast<T>(sum);
    }
  }
}

void grid_sample(KernelContext& context) {
  const Tensor &input = context.input(0), &grid = context.input(1);  // [N, C, D1...], [N, E1..., rank]
  const auto rank = static_cast<std::int64_t>(input.rank()) - 2;
  if (rank < 1 || grid.rank() != input.rank() || grid.dims().back() != rank ||
      grid.dims()[0] != input.dims()[0])
    throw Error("a grid of " + to_string(grid.dims()) + " does not fit an input of " +
                to_string(input.dims()));
  const SampleMode mode = sample_mode(context.node());
  const SampleSizes sizes{Dims(input.dims().begin() + 2, input.dims().end()), input.dims()[1],
                          count_between(grid.dims(), 1, grid.dims().size() - 1)};
  Dims dims{input.dims()[0], input.dims()[1]};
  dims.insert(dims.end(), grid.dims().begin() + 1, grid.dims().end() - 1);
  Tensor& output = context.output(0, input.type(), std::move(dims));
  if (output.size() == 0) return;
  if (input.size() == 0) throw Error("there is nothing to sample in " + to_string(input.dims()));
  const std::int64_t image = input.size() / input.dims()[0], made = output.size() / input.dims()[0];
  dispatch(NumberAndBoolTypes{}, input.type(), [&]<class T>() {
    dispatch(FloatTypes{}, grid.type(), [&]<class Coordinate>() {
      for (std::int64_t n = 0; n < input.dims()[0]; ++n) {
        context.cancel.check();
        sample_image(input.data<T>() + n * image, grid.data<Coordinate>() + n * sizes.points * rank,
                     output.mutable_data<T>() + n * made, sizes, mode);
      }
    });
  });
}

void infer_grid_sample(InferenceContext& context) {
  const auto &input = context.input_shape(0), &grid = context.input_shape(1);
  std::optional<Shape> result;
  if (input && input->size() >= 3) {
    result = unknown_shape(input->size());
    (*result)[0] = (*input)[0];
    (*result)[1] = (*input)[1];
    for (std::size_t i = 2; grid && grid->size() == input->size() && i < input->size(); ++i)
      (*result)[i] = (*grid)[i - 1];
  }
  context.set_output(0, context.input_element(0), std::move(result));
}

// --- AffineGrid ---

/// Coordinates from -1 to 1 along an axis: of the pixels' centres, or with align_corners of the outermost
/// centres.
std::vector<double> axis_coordinates(std::int64_t size, bool align_corners) {
  std::vector<double> list;
  const auto length = static_cast<double>(size);
  for (std::int64_t i = 0; i < size; ++i) {
    const auto at = static_cast<double>(i);
    if (align_corners)
      list.push_back(size == 1 ? 0.0 : 2 * at / (length - 1) - 1);
    else
      list.push_back((2 * at + 1) / length - 1);
  }
  return list;
}

/// Each pixel's coordinates (x, y[, z], 1) times theta's rows.
template <class T>
void affine_grid_of(const T* theta, T* to, const Dims& spatial, bool align_corners) {
  const std::size_t rank = spatial.size();
  std::vector<std::vector<double>> coordinates;
  for (const auto size : spatial) coordinates.push_back(axis_coordinates(size, align_corners));
  const std::int64_t count = element_count(spatial);
  std::vector<double> point(rank + 1, 1.0);
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t rest = i;
    for (std::size_t axis = rank; axis-- > 0; rest /= spatial[axis])
      point[rank - 1 - axis] = coordinates[axis][static_cast<std::size_t>(rest % spatial[axis])];
    for (std::size_t row = 0; row < rank; ++row) {
      double sum = 0;
      for (std::size_t k = 0; k <= rank; ++k)
        sum += static_cast<double>(theta[row * (rank + 1) + k]) * point[k];
      if constexpr (is_small_float<T>)
        *to++ = static_cast<T>(static_cast<float>(sum));
      else
        *to++ = static_cast<T>(sum);
    }
  }
}

void affine_grid(KernelContext& context) {
  const Tensor& theta = context.input(0);  // [N, 2, 3] or [N, 3, 4]
  const Dims size = context.integers(1);   // [N, C, H, W] or [N, C, D, H, W]
  const auto rank = static_cast<std::int64_t>(size.size()) - 2;
  if ((rank != 2 && rank != 3) || theta.dims() != Dims{size[0], rank, rank + 1})
    throw Error("theta of " + to_string(theta.dims()) + " does not fit a size of " + to_string(size));
  Dims dims{size[0]};
  dims.insert(dims.end(), size.begin() + 2, size.end());
  dims.push_back(rank);
  Tensor& output = context.output(0, theta.type(), dims);
  if (output.size() == 0) return;
  const Dims spatial(size.begin() + 2, size.end());
  dispatch(FloatTypes{}, theta.type(), [&]<class T>() {
    for (std::int64_t n = 0; n < size[0]; ++n)
      affine_grid_of(theta.data<T>() + n * rank * (rank + 1),
                     output.mutable_data<T>() + n * (output.size() / size[0]), spatial,
                     context.integer("align_corners", 0) != 0);
  });
}

void infer_affine_grid(InferenceContext& context) {
  const auto size = known_values(context, 1);
  std::optional<Shape> result;
  if (size && (size->size() == 4 || size->size() == 5)) {
    result = Shape{(*size)[0]};
    result->insert(result->end(), size->begin() + 2, size->end());
    result->push_back(static_cast<std::int64_t>(size->size()) - 2);
  }
  context.set_output(0, context.input_element(0), std::move(result));
}

}  // namespace

void register_grid_sample(OperatorTable& table) {
  const Operator sample_16 =
      Operator("GridSample", 16, OperatorKind::PoolingAndReduction)
          .summary("Samples an image at the points of a grid, interpolating between pixels.")
          .input("X", "T1", "[N, C, D1, D2, ...].")
          .input("grid", "T2", "Points from -1 to 1, innermost axis first, [N, E1, E2, ..., rank].")
          .output("Y", "T1", "[N, C, E1, E2, ...].")
          .attribute("mode", std::string("bilinear"),
                     "nearest, linear or cubic; version 16 says bilinear and bicubic.")
          .attribute("padding_mode", std::string("zeros"), "What lies outside: zeros, border or reflection.")
          .attribute("align_corners", std::int64_t{0},
                     "1: -1 and 1 are the centres of the outer pixels, not their edges.")
          .constraint("T1", types::all())
          .constraint("T2", types::floats())
          .infer(infer_grid_sample)
          .kernel(grid_sample)
          .example("X = float[1, 1, 2, 2]{1..4}; grid = float[1, 1, 3, 2]{-0.5, -0.5, 0, 0, 0.5, 0.5}")
          .cost(per_element(8));
  table.add(sample_16);
  const Operator sample_20 =
      sample_16.at(20).attribute("mode", std::string("linear"), "nearest, linear or cubic.");
  table.add(sample_20);
  table.add(sample_20.at(22)
                .constraint("T1", types::all_and_bfloat16())
                .constraint("T2", types::floats_and_bfloat16()));
  table.add(Operator("AffineGrid", 20, OperatorKind::PoolingAndReduction)
                .summary("The grid for GridSample that an affine map of the pixels' coordinates gives.")
                .input("theta", "T1", "[N, 2, 3] for images, [N, 3, 4] for volumes.")
                .input("size", "T2", "Sizes of the image to make, [N, C, H, W] or [N, C, D, H, W].")
                .output("grid", "T1", "[N, H, W, 2] or [N, D, H, W, 3].")
                .attribute("align_corners", std::int64_t{0},
                           "1: -1 and 1 are the centres of the outer pixels, not their edges.")
                .constraint("T1", types::floats_and_bfloat16())
                .constraint("T2", types::tensors({"int64"}))
                .infer(infer_affine_grid)
                .kernel(affine_grid)
                .example("theta = float[1, 2, 3]{1, 0, 0, 0, 1, 0}; size = int64[4]{1, 1, 2, 2}")
                .cost(per_element(6)));
  table.note_change("GridSample", 20, "volumes and more axes, not only images; other names for the modes");
}

}  // namespace lapidary
