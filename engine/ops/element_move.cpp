#include "engine/ops/element_move.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/ops/broadcast.h"

namespace lapidary {
namespace {

/// Copies a plane of [rows, columns] whose rows lie side by side in `from` and whose columns do in `to`, tile
/// by tile so that both sides stay in the cache.
template <class T>
void copy_plane(const T* from, std::int64_t from_column_step, T* to, std::int64_t to_row_step,
                std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t tile = 16;
  for (std::int64_t r = 0; r < rows; r += tile)
    for (std::int64_t c = 0; c < columns; c += tile)
      for (std::int64_t i = r, i_end = std::min(rows, r + tile); i < i_end; ++i)
        for (std::int64_t j = c, j_end = std::min(columns, c + tile); j < j_end; ++j)
          to[i * to_row_step + j] = from[i + j * from_column_step];
}

template <class T>
void copy_runs(const T* from, T* to, Dims dims, const Dims& strides) {
  const Dims dense = row_major_strides(dims);
  const std::size_t last = dims.empty() ? 0 : dims.size() - 1;
  const auto side_by_side = [&](std::size_t axis) { return strides[axis] == 1 && dims[axis] > 1; };
  std::size_t row_axis = last;
  for (std::size_t axis = 0; axis < last; ++axis)
    if (side_by_side(axis)) row_axis = axis;
  if (row_axis != last && strides[last] > 1 && dims[last] > 1) {
    const std::int64_t rows = std::exchange(dims[row_axis], 1), columns = std::exchange(dims[last], 1);
    StridedWalk<2>(dims, {strides, dense})
        .for_each_run([&](const auto& offsets, const auto& steps, auto count) {
          for (std::int64_t i = 0; i < count; ++i)
            copy_plane(from + offsets[0] + i * steps[0], strides[last], to + offsets[1] + i * steps[1],
                       dense[row_axis], rows, columns);
        });
    return;
  }
  StridedWalk<2>(dims, {strides, dense})
      .for_each_run([&](const auto& offsets, const auto& steps, auto count) {
        const T* source = from + offsets[0];
        T* target = to + offsets[1];
        if (steps[0] == 1 || count == 1)
          std::copy_n(source, count, target);
        else
          for (std::int64_t i = 0; i < count; ++i) target[i] = source[i * steps[0]];
      });
}

/// `outer` runs of `count` elements, each side with its own distance from run to run.
void copy_blocks(const Tensor& from, std::int64_t from_start, std::int64_t from_step, Tensor& to,
                 std::int64_t to_start, std::int64_t to_step, std::int64_t outer, std::int64_t count) {
  if (outer == 0 || count == 0) return;
  dispatch_by_size(from.type(), [&]<class T>() {
    const T* source = elements<T>(from) + from_start;
    T* target = mutable_elements<T>(to) + to_start;
    for (std::int64_t i = 0; i < outer; ++i) std::copy_n(source + i * from_step, count, target + i * to_step);
  });
}

void check_part(const Tensor& first, const Tensor& part, std::size_t axis) {
  if (part.type() != first.type())
    throw Error("tensors of " + std::string(name_of(first.type())) + " and " +
                std::string(name_of(part.type())) + " cannot be joined");
  bool fits = part.rank() == first.rank();
  for (std::size_t i = 0; fits && i < first.dims().size(); ++i)
    fits = i == axis || part.dims()[i] == first.dims()[i];
  if (!fits)
    throw Error("tensors of " + to_string(first.dims()) + " and " + to_string(part.dims()) +
                " cannot be joined along axis " + std::to_string(axis));
}

}  // namespace

std::int64_t checked_product(std::int64_t a, std::int64_t b) {
  std::int64_t result;
  if (__builtin_mul_overflow(a, b, &result)) throw Error("a size is too large");
  return result;
}

std::int64_t checked_sum(std::int64_t a, std::int64_t b) {
  std::int64_t result;
  if (__builtin_add_overflow(a, b, &result)) throw Error("a size is too large");
  return result;
}

std::int64_t count_between(const Dims& dims, std::size_t begin, std::size_t end) {
  std::int64_t count = 1;
  for (std::size_t i = begin; i < end; ++i) count = checked_product(count, dims[i]);
  return count;
}

namespace {

void require_axis(const Tensor& tensor, std::int64_t axis) {
  if (axis < 0 || axis >= tensor.rank())
    throw Error(to_string(tensor.dims()) + " has no axis " + std::to_string(axis));
}

}  // namespace

Tensor strided_copy(const Tensor& tensor, Dims dims, std::int64_t offset, const Dims& strides) {
  return with_whole_elements(tensor, [&](const Tensor& from) {
    Tensor to(from.type(), dims);
    if (to.size() != 0)
      dispatch_by_size(from.type(), [&]<class T>() {
        copy_runs(elements<T>(from) + offset, mutable_elements<T>(to), dims, strides);
      });
    return to;
  });
}

Tensor zeros_like(const Tensor& like, Dims dims) {
  Tensor result(like.type(), std::move(dims));
  if (result.size_bytes() != 0) std::memset(result.mutable_bytes(), 0, result.size_bytes());
  return result;
}

Tensor writable_copy(const Tensor& tensor) {
  if (tensor.is_string()) return Tensor::of_strings(tensor.dims(), tensor.strings());
  Tensor copy(tensor.type(), tensor.dims());
  if (copy.size_bytes() != 0) std::memcpy(copy.mutable_bytes(), tensor.bytes().data(), copy.size_bytes());
  return copy;
}

Tensor transposed(const Tensor& tensor, const std::vector<std::int64_t>& perm) {
  if (perm.size() != tensor.dims().size())
    throw Error("a tensor of " + std::to_string(perm.size()) + " axes is needed, not " +
                to_string(tensor.dims()));
  const Dims dense = row_major_strides(tensor.dims());
  Dims dims, strides;
  std::vector<std::int64_t> moving;  // axes that are more than one element long, in their new order
  for (const auto axis : perm) {
    dims.push_back(tensor.dims()[static_cast<std::size_t>(axis)]);
    strides.push_back(dense[static_cast<std::size_t>(axis)]);
    if (dims.back() != 1) moving.push_back(axis);
  }
  if (std::is_sorted(moving.begin(), moving.end())) return tensor.reshaped(std::move(dims));
  return strided_copy(tensor, std::move(dims), 0, strides);
}

Tensor concatenated(const std::vector<Tensor>& parts, std::int64_t along) {
  if (parts.empty()) throw Error("there is no tensor to join");
  const auto axis = static_cast<std::size_t>(along);
  const Tensor& first = parts.front();
  require_axis(first, along);
  if (is_sub_byte(first.type())) {
    std::vector<Tensor> whole;
    for (const auto& part : parts) check_part(first, part, axis), whole.push_back(unpacked(part));
    return packed(concatenated(whole, along), first.type());
  }
  Dims dims = first.dims();
  dims[axis] = 0;
  for (const auto& part : parts) {
    check_part(first, part, axis);
    dims[axis] = checked_sum(dims[axis], part.dims()[axis]);
  }
  Tensor result(first.type(), dims);
  if (result.size() == 0) return result;
  const std::int64_t outer = count_between(dims, 0, axis), row = count_between(dims, axis, dims.size());
  std::int64_t start = 0;
  for (const auto& part : parts) {
    const std::int64_t count = count_between(part.dims(), axis, dims.size());
    copy_blocks(part, 0, count, result, start, row, outer, count);
    start += count;
  }
  return result;
}

Tensor stacked(std::vector<Tensor> parts, std::int64_t axis) {
  for (auto& part : parts) {
    Dims dims = part.dims();
    if (axis > part.rank()) throw Error("tensors of different rank cannot be joined");
    dims.insert(dims.begin() + axis, 1);
    part = part.reshaped(std::move(dims));
  }
  return concatenated(parts, axis);
}

Tensor section(const Tensor& tensor, std::int64_t along, std::int64_t start, std::int64_t count) {
  require_axis(tensor, along);
  const auto axis = static_cast<std::size_t>(along);
  if (start < 0 || count < 0 || start + count > tensor.dims()[axis])
    throw Error("axis " + std::to_string(along) + " of " + to_string(tensor.dims()) + " has no " +
                std::to_string(count) + " indices from " + std::to_string(start) + " on");
  return with_whole_elements(tensor, [&](const Tensor& from) {
    Dims dims = from.dims();
    dims[axis] = count;
    Tensor to(from.type(), dims);
    if (to.size() == 0) return to;
    const std::int64_t inner = count_between(dims, axis + 1, dims.size());
    copy_blocks(from, start * inner, from.dims()[axis] * inner, to, 0, count * inner,
                count_between(dims, 0, axis), count * inner);
    return to;
  });
}

Tensor element_of(const Tensor& tensor, std::int64_t axis, std::int64_t index) {
  require_axis(tensor, axis);
  Dims dims = tensor.dims();
  dims.erase(dims.begin() + axis);
  return section(tensor, axis, index, 1).reshaped(std::move(dims));
}

}  // namespace lapidary
