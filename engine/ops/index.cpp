#include "engine/ops/index.h"

#include <algorithm>
#include <utility>

#include "engine/ops/broadcast.h"
#include "engine/ops/element_move.h"
#include "engine/ops/kernel.h"

namespace lapidary {

std::int64_t checked_index(std::int64_t index, std::int64_t size) {
  if (index < -size || index >= size)
    throw Error("index " + std::to_string(index) + " is outside an axis of " + std::to_string(size));
  return index < 0 ? index + size : index;
}

std::vector<std::int64_t> element_places(const Dims& dims, const Tensor& indices, std::int64_t along) {
  const auto axis =
      static_cast<std::size_t>(KernelContext::normalized_axis(along, static_cast<std::int64_t>(dims.size())));
  bool fits = indices.dims().size() == dims.size();
  for (std::size_t i = 0; fits && i < dims.size(); ++i) fits = i == axis || indices.dims()[i] <= dims[i];
  if (!fits)
    throw Error("indices of " + to_string(indices.dims()) + " do not fit data of " + to_string(dims));
  auto places = values_as<std::int64_t>(indices);
  Dims strides = row_major_strides(dims);
  const std::int64_t step = std::exchange(strides[axis], 0);
  auto next = places.begin();
  StridedWalk<1>(indices.dims(), {strides})
      .for_each_run([&](const auto& offsets, const auto& steps, auto count) {
        for (std::int64_t i = 0; i < count; ++i, ++next)
          *next = offsets[0] + i * steps[0] + checked_index(*next, dims[axis]) * step;
      });
  return places;
}

SlicePlaces slice_places(const Dims& dims, const Tensor& indices, std::int64_t batch_dims) {
  if (indices.rank() == 0) throw Error("indices must have at least one axis");
  const std::int64_t width = indices.dims().back();
  const auto rank = static_cast<std::int64_t>(dims.size());
  if (batch_dims < 0 || batch_dims >= indices.rank() || width > rank - batch_dims)
    throw Error("indices of " + to_string(indices.dims()) + " do not fit data of " + to_string(dims));
  const auto batch_rank = static_cast<std::size_t>(batch_dims),
             taken = batch_rank + static_cast<std::size_t>(width);
  if (!std::equal(dims.begin(), dims.begin() + batch_dims, indices.dims().begin()))
    throw Error("data of " + to_string(dims) + " and indices of " + to_string(indices.dims()) +
                " differ in their batch");
  SlicePlaces found{{}, count_between(dims, taken, dims.size()), dims.size() - taken};
  const Dims strides = row_major_strides(dims);
  const std::int64_t tuples = count_between(indices.dims(), 0, indices.dims().size() - 1);
  const std::int64_t batches = count_between(dims, 0, batch_rank),
                     batch_step = count_between(dims, batch_rank, dims.size());
  const auto numbers = values_as<std::int64_t>(indices);
  for (std::int64_t tuple = 0; tuple < tuples; ++tuple) {
    std::int64_t place = tuple / (tuples / batches) * batch_step;
    for (std::int64_t k = 0; k < width; ++k) {
      const auto axis = batch_rank + static_cast<std::size_t>(k);
      place +=
          checked_index(numbers[static_cast<std::size_t>(tuple * width + k)], dims[axis]) * strides[axis];
    }
    found.places.push_back(place);
  }
  return found;
}

}  // namespace lapidary
