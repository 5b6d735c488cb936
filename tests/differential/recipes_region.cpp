#include "tests/differential/call.h"

namespace lapidary::differential {
namespace {

Dims image_sizes(Call& call) {
  return {call.random.between(1, 2), call.random.between(1, 3), call.random.between(2, 7),
          call.random.between(2, 7)};
}

/// Corners inside an image of these sizes, the second behind the first, `columns` numbers before them.
Tensor regions(Call& call, DataType type, const Dims& image, std::int64_t count, bool names_image) {
  std::vector<double> numbers;
  for (std::int64_t i = 0; i < count; ++i) {
    if (names_image) numbers.push_back(static_cast<double>(call.random.below(image[0])));
    const double x = call.random.between_reals(0, 2), y = call.random.between_reals(0, 2);
    numbers.insert(numbers.end(),
                   {x, y, x + call.random.between_reals(1, 4), y + call.random.between_reals(1, 4)});
  }
  return tensor_from(type, {count, names_image ? 5 : 4}, numbers);
}

void roi_align(Call& call) {
  const Dims image = image_sizes(call);
  const std::int64_t count = call.random.between(1, 3);
  const Tensor x = call.sized(image, Fill::Ordinary);
  call.given(regions(call, x.type(), image, count, false));
  std::vector<std::int64_t> images;
  for (std::int64_t i = 0; i < count; ++i) images.push_back(call.random.below(image[0]));
  call.integers(images);
  call.set("output_height", call.random.between(1, 3));
  call.set("output_width", call.random.between(1, 3));
  call.set("sampling_ratio", call.random.between(0, 2));
  call.word("mode", {"avg", "max"});
  call.word("coordinate_transformation_mode", {"half_pixel", "output_half_pixel"});
}

void roi_pool(Call& call) {
  const Dims image = image_sizes(call);
  const Tensor x = call.sized(image, Fill::Ordinary);
  call.given(regions(call, x.type(), image, call.random.between(1, 3), true));
  call.set("pooled_shape", std::vector<std::int64_t>{call.random.between(1, 3), call.random.between(1, 3)});
}

void non_max_suppression(Call& call) {
  const std::int64_t batch = call.random.between(1, 2), classes = call.random.between(1, 2),
                     boxes = call.random.between(1, 6);
  std::vector<double> corners;
  for (std::int64_t i = 0; i < batch * boxes; ++i) {
    const double y = call.random.between_reals(0, 2), x = call.random.between_reals(0, 2);
    corners.insert(corners.end(),
                   {y, x, y + call.random.between_reals(0.5, 2), x + call.random.between_reals(0.5, 2)});
  }
  call.given(tensor_from(DataType::Float32, {batch, boxes, 4}, corners));
  call.sized({batch, classes, boxes}, Fill::Positive);
  call.integers({call.random.between(1, 4)}, Dims{1});
  call.given(tensor_from(DataType::Float32, {1}, std::vector<double>{call.random.between_reals(0.1, 0.9)}));
  if (call.random.chance(0.5)) call.given(tensor_from(DataType::Float32, {1}, std::vector<double>{0.8}));
}

void affine_grid(Call& call) {
  const std::int64_t batch = call.random.between(1, 2);
  call.sized({batch, 2, 3}, Fill::Ordinary);
  call.integers({batch, 1, call.random.between(1, 5), call.random.between(1, 5)});
  call.flag("align_corners");
}

void columns_to_image(Call& call) {
  const std::int64_t height = call.random.between(2, 5), width = call.random.between(2, 5),
                     channels = call.random.between(1, 2);
  const std::int64_t down = call.random.between(1, 2), across = call.random.between(1, 2);
  call.sized({1, channels * down * across, (height - down + 1) * (width - across + 1)});
  call.integers({height, width});
  call.integers({down, across});
}

}  // namespace

RecipeList region_recipes() {
  return {{"RoiAlign", roi_align},
          {"MaxRoiPool", roi_pool},
          {"NonMaxSuppression", non_max_suppression},
          {"AffineGrid", affine_grid},
          {"Col2Im", columns_to_image}};
}

}  // namespace lapidary::differential
