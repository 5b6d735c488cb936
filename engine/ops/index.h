#pragma once

#include "engine/model/tensor.h"

/// Where the indices of gathering and scattering operators point.
namespace lapidary {

/// `index` in [-size, size) made non-negative; throws Error otherwise.
std::int64_t checked_index(std::int64_t index, std::int64_t size);

/// For each element of `indices` the place in a dense tensor of sizes `dims` that has the same coordinates,
/// except along `axis`, where the index counts (GatherElements, ScatterElements). Throws Error for indices
/// outside.
std::vector<std::int64_t> element_places(const Dims& dims, const Tensor& indices, std::int64_t axis);

/// Slices that tuples of indices name (GatherND, ScatterND).
struct SlicePlaces {
  std::vector<std::int64_t> places;  ///< first element of each slice
  std::int64_t slice_size;           ///< elements of a slice
  std::size_t slice_rank;            ///< how many innermost axes a slice has
};
/// `indices` [..., K] name slices of a dense tensor of sizes `dims`, over the K axes after the `batch_dims`
/// leading ones that both share. Throws Error for indices outside.
SlicePlaces slice_places(const Dims& dims, const Tensor& indices, std::int64_t batch_dims);

}  // namespace lapidary
