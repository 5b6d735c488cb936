// Blocks added up to an image: Col2Im.

#include <algorithm>

#include "engine/model/element_types.h"
#include "engine/ops/arguments.h"
#include "engine/ops/cost.h"
#include "engine/ops/element_move.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"
#include "engine/ops/working_memory.h"
#include "engine/ops/wrapping.h"

namespace lapidary {
namespace {

/// How blocks lie on the image, one entry for each spatial axis.
struct BlockLayout {
  Dims image, block, counts;  ///< counts: blocks along the axis
  std::vector<std::int64_t> begins, strides, dilations;
};

std::vector<std::int64_t> spatial_attribute(const KernelContext& context, std::string_view name,
                                            std::size_t count, std::int64_t otherwise, std::int64_t least) {
  if (!context.has_attribute(name)) return std::vector<std::int64_t>(count, otherwise);
  const auto values = context.integers(name);
  if (values.size() != count)
    throw Error(std::string(name) + " must have " + std::to_string(count) + " entries");
  for (const auto value : values)
    if (value < least || value > INT32_MAX)
      throw Error(std::string(name) + " is out of range: " + to_string(values));
  return values;
}

/// Blocks along an axis: (image + pads - dilation·(block - 1) - 1) / stride + 1.
BlockLayout block_layout(const KernelContext& context) {
  BlockLayout layout;
  layout.image = context.integers(1);
  layout.block = context.integers(2);
  const std::size_t rank = layout.image.size();
  if (layout.block.size() != rank || rank == 0)
    throw Error("image_shape and block_shape must be of equal length");
  const auto pads = spatial_attribute(context, "pads", 2 * rank, 0, 0);
  layout.begins.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(rank));
  layout.strides = spatial_attribute(context, "strides", rank, 1, 1);
  layout.dilations = spatial_attribute(context, "dilations", rank, 1, 1);
  for (std::size_t i = 0; i < rank; ++i) {
    if (layout.image[i] < 1 || layout.block[i] < 1 || layout.image[i] > INT32_MAX ||
        layout.block[i] > INT32_MAX)
      throw Error("a size of the image or the blocks is out of range");
    const std::int64_t room =
        layout.image[i] + pads[i] + pads[rank + i] - layout.dilations[i] * (layout.block[i] - 1) - 1;
    if (room < 0) throw Error("blocks of " + to_string(layout.block) + " are larger than the image");
    layout.counts.push_back(room / layout.strides[i] + 1);
  }
  return layout;
}

/// Adds the pixel at `offset` of every block to the image; `from` has one element for each block.
template <class T, class Sum>
void add_pixels(const T* from, Sum* image, const BlockLayout& layout, const Dims& offset) {
  Dims block(layout.counts.size(), 0);
  for (;;) {
    std::int64_t place = 0;
    bool inside = true;
    for (std::size_t i = 0; i < block.size(); ++i) {
      const std::int64_t at =
          block[i] * layout.strides[i] - layout.begins[i] + offset[i] * layout.dilations[i];
      inside = inside && at >= 0 && at < layout.image[i];
      place = place * layout.image[i] + at;
    }
    if (inside) image[place] = wrapping_add(image[place], static_cast<Sum>(*from));
    ++from;
    std::size_t axis = block.size();
    while (axis > 0 && ++block[axis - 1] == layout.counts[axis - 1]) block[--axis] = 0;
    if (axis == 0) return;
  }
}

/// The coordinates of `index` in a block.
Dims coordinates(std::int64_t index, const Dims& sizes) {
  Dims result(sizes.size());
  for (std::size_t i = sizes.size(); i-- > 0; index /= sizes[i]) result[i] = index % sizes[i];
  return result;
}

void col2im(KernelContext& context) {
  const Tensor& input = context.input(0);  // [N, C · elements of a block, blocks]
  const BlockLayout layout = block_layout(context);
  const std::int64_t block = count_between(layout.block, 0, layout.block.size());
  const std::int64_t blocks = count_between(layout.counts, 0, layout.counts.size());
  const std::int64_t pixels = count_between(layout.image, 0, layout.image.size());
  if (input.rank() != 3 || input.dims()[1] % block != 0 || input.dims()[2] != blocks)
    throw Error("columns of " + to_string(input.dims()) + " do not fit " + std::to_string(blocks) +
                " blocks of " + to_string(layout.block));
  Dims dims{input.dims()[0], input.dims()[1] / block};
  dims.insert(dims.end(), layout.image.begin(), layout.image.end());
  Tensor& output = context.output(0, input.type(), dims);
  dispatch(NumberTypes{}, input.type(), [&]<class T>() {
    const T* from = input.data<T>();
    auto image = working_memory<ComputeType<T>>({pixels});
    for (std::int64_t plane = 0; plane < dims[0] * dims[1]; ++plane) {
      context.cancel.check();
      std::fill(image.begin(), image.end(), ComputeType<T>{});
      for (std::int64_t k = 0; k < block; ++k, from += blocks)
        add_pixels(from, image.data(), layout, coordinates(k, layout.block));
      std::transform(image.begin(), image.end(), output.mutable_data<T>() + plane * pixels,
                     [](auto sum) { return static_cast<T>(sum); });
    }
  });
}

void infer_col2im(InferenceContext& context) {
  const auto& from = context.input_shape(0);
  const auto image = known_values(context, 1), block = known_values(context, 2);
  std::optional<Shape> result;
  if (image) {
    result = Shape{Dimension::unknown(), Dimension::unknown()};
    result->insert(result->end(), image->begin(), image->end());
    if (from && from->size() == 3) {
      (*result)[0] = (*from)[0];
      if (block) (*result)[1] = floor_div((*from)[1], element_count(*block));
    }
  }
  context.set_output(0, context.input_element(0), std::move(result));
}

}  // namespace

void register_col2im(OperatorTable& table) {
  table.add(
      Operator("Col2Im", 18, OperatorKind::ShapeAndLayout)
          .summary("Puts blocks of an image back in their places and adds them up where they overlap.")
          .input("input", "T", "[N, C · elements of a block, blocks].")
          .input("image_shape", "tensor(int64)", "Spatial sizes of the image.")
          .input("block_shape", "tensor(int64)", "Spatial sizes of a block.")
          .output("output", "T", "[N, C, image_shape...].")
          .optional_attribute("dilations", AttributeType::Ints,
                              "Distance between a block's pixels; 1 if left out.")
          .optional_attribute("pads", AttributeType::Ints,
                              "Margins before each axis, then after each; 0 if left out.")
          .optional_attribute("strides", AttributeType::Ints, "Distance between blocks; 1 if left out.")
          .constraint("T", types::all_and_bfloat16())
          .infer(infer_col2im)
          .kernel(col2im)
          .example("input = float[1, 4, 2]{1..8}; image_shape = int64[2]{2, 3}; block_shape = int64[2]{2, 2}")
          .cost(per_input_element(1)));
}

}  // namespace lapidary
