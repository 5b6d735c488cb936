#pragma once

#include <complex>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/model/tensor.h"

/// Moving elements without looking at them: what a tensor's elements mean does not matter here, only how
/// large they are. Packed types are widened first and packed again.
namespace lapidary {

/// The elements as T, whatever type of the same size they are; std::string for strings.
template <class T>
const T* elements(const Tensor& tensor) {
  if constexpr (std::is_same_v<T, std::string>)
    return tensor.strings().data();
  else
    return reinterpret_cast<const T*>(tensor.bytes().data());
}
template <class T>
T* mutable_elements(Tensor& tensor) {
  if constexpr (std::is_same_v<T, std::string>)
    return tensor.mutable_strings().data();
  else
    return reinterpret_cast<T*>(tensor.mutable_bytes());
}

/// Calls `f.template operator()<T>()` for a T as large as one element of `type`, which must not be packed.
template <class F>
void dispatch_by_size(DataType type, F&& f) {
  if (type == DataType::String) return f.template operator()<std::string>();
  switch (bits_of(type)) {
    case 8:
      return f.template operator()<std::uint8_t>();
    case 16:
      return f.template operator()<std::uint16_t>();
    case 32:
      return f.template operator()<std::uint32_t>();
    case 64:
      return f.template operator()<std::uint64_t>();
    case 128:
      return f.template operator()<std::complex<double>>();
    default:
      throw Error("element type " + std::string(name_of(type)) + " is not supported here");
  }
}

/// make(tensor), where packed elements are widened to bytes before and packed again after.
template <class F>
Tensor with_whole_elements(const Tensor& tensor, F make) {
  return is_sub_byte(tensor.type()) ? packed(make(unpacked(tensor)), tensor.type()) : make(tensor);
}

/// A dense tensor of sizes `dims`; its element at index i is element `offset + i · strides` of `from`.
/// Strides count elements and may be 0 or negative. The caller has checked that all of it lies inside.
Tensor strided_copy(const Tensor& from, Dims dims, std::int64_t offset, const Dims& strides);
/// A tensor like `like` of other sizes, all zeros (or empty strings).
Tensor zeros_like(const Tensor& like, Dims dims);
/// A copy that owns its bytes and may be written.
Tensor writable_copy(const Tensor& tensor);
/// The tensor with its axes in another order: output axis i is input axis perm[i].
Tensor transposed(const Tensor& tensor, const std::vector<std::int64_t>& perm);
/// Parts joined along an axis. Throws Error where element types, ranks or other sizes differ, or there is no
/// part.
Tensor concatenated(const std::vector<Tensor>& parts, std::int64_t axis);
/// Parts joined along a new axis.
Tensor stacked(std::vector<Tensor> parts, std::int64_t axis);
/// `count` indices of an axis, from `start` on.
Tensor section(const Tensor& tensor, std::int64_t axis, std::int64_t start, std::int64_t count);
/// One index of an axis, which is dropped.
Tensor element_of(const Tensor& tensor, std::int64_t axis, std::int64_t index);

/// Products and sums of sizes, which throw Error where they overflow.
std::int64_t checked_product(std::int64_t a, std::int64_t b);
std::int64_t checked_sum(std::int64_t a, std::int64_t b);
/// Elements in dims[begin, end).
std::int64_t count_between(const Dims& dims, std::size_t begin, std::size_t end);

}  // namespace lapidary
