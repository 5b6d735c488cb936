#include "engine/compare/permutation.h"

#include <algorithm>
#include <cstring>

namespace lapidary {

Tensor permuted(const Tensor& tensor, const std::vector<int>& permutation) {
  const std::size_t rank = tensor.dims().size();
  if (permutation.size() != rank || bits_of(tensor.type()) < 8)
    throw Error("the axes of a tensor of " + to_string(tensor.full_type()) + " cannot be reordered so");
  Dims dims(rank), strides(rank), steps(rank);
  std::int64_t stride = bits_of(tensor.type()) / 8;
  for (std::size_t axis = rank; axis-- > 0;) {
    strides[axis] = stride;
    stride *= tensor.dims()[axis];
  }
  for (std::size_t axis = 0; axis < rank; ++axis) {
    dims[axis] = tensor.dims()[static_cast<std::size_t>(permutation[axis])];
    steps[axis] = strides[static_cast<std::size_t>(permutation[axis])];
  }
  Tensor result(tensor.type(), dims);
  const auto element_bytes = static_cast<std::size_t>(bits_of(tensor.type()) / 8);
  std::byte* to = result.mutable_bytes();
  const std::byte* from = tensor.bytes().data();
  Dims at(rank, 0);
  for (std::int64_t i = 0; i < tensor.size(); ++i, to += element_bytes) {
    std::memcpy(to, from, element_bytes);
    for (std::size_t axis = rank; axis-- > 0;) {
      from += steps[axis];
      if (++at[axis] < dims[axis]) break;
      from -= steps[axis] * dims[axis];
      at[axis] = 0;
    }
  }
  return result;
}

std::vector<int> inverse(const std::vector<int>& permutation) {
  std::vector<int> result(permutation.size());
  for (std::size_t i = 0; i < permutation.size(); ++i)
    result[static_cast<std::size_t>(permutation[i])] = static_cast<int>(i);
  return result;
}

Tensor unpermuted(const Tensor& tensor, const std::vector<int>& permutation) {
  return permutation.empty() ? tensor : permuted(tensor, inverse(permutation));
}

}  // namespace lapidary
