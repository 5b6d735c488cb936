#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "engine/model/tensor.h"

namespace lapidary {

/// The sizes that numpy's broadcasting gives for operands of sizes `a` and `b`; throws Error where they
/// contradict.
Dims broadcast_dims(const Dims& a, const Dims& b);
/// Elements from one index to the next along each axis of a dense tensor, innermost last (1).
Dims row_major_strides(const Dims& dims);
/// Strides with which a dense tensor of sizes `from` reads as if it had sizes `to`: 0 along each axis that is
/// repeated. Throws Error if `from` does not broadcast to `to`.
Dims broadcast_strides(const Dims& from, const Dims& to);

/// Walks N strided operands together in row-major order of `dims`, one innermost run at a time. Axes that all
/// operands can cross with one step are merged first, so equal shapes and scalars make a single run.
template <std::size_t N>
class StridedWalk {
 public:
  using Offsets = std::array<std::int64_t, N>;

  StridedWalk(const Dims& dims, const std::array<Dims, N>& strides);

  /// body(offsets, steps, count): element k of operand i lies at offsets[i] + k * steps[i], 0 <= k < count.
  template <class Body>
  void for_each_run(Body&& body) const;

 private:
  struct Axis {
    std::int64_t size;
    Offsets strides;
  };
  std::vector<Axis> outer_;
  Axis inner_{1, {}};
  bool empty_ = false;
};

template <std::size_t N>
StridedWalk<N>::StridedWalk(const Dims& dims, const std::array<Dims, N>& strides) {
  std::vector<Axis> axes;
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    empty_ = empty_ || dims[axis] == 0;
    if (dims[axis] == 1) continue;
    Axis next{dims[axis], {}};
    for (std::size_t i = 0; i < N; ++i) next.strides[i] = strides[i][axis];
    const auto continues = [&](const Axis& outside) {
      for (std::size_t i = 0; i < N; ++i)
        if (outside.strides[i] != next.strides[i] * next.size) return false;
      return true;
    };
    if (!axes.empty() && continues(axes.back()))
      next.size *= axes.back().size, axes.back() = next;
    else
      axes.push_back(next);
  }
  if (axes.empty()) return;
  inner_ = axes.back();
  axes.pop_back();
  outer_ = std::move(axes);
}

template <std::size_t N>
template <class Body>
void StridedWalk<N>::for_each_run(Body&& body) const {
  if (empty_) return;
  std::vector<std::int64_t> index(outer_.size(), 0);
  Offsets offsets{};
  for (;;) {
    body(offsets, inner_.strides, inner_.size);
    std::size_t axis = outer_.size();
    for (; axis > 0; --axis) {
      const Axis& a = outer_[axis - 1];
      for (std::size_t i = 0; i < N; ++i) offsets[i] += a.strides[i];
      if (++index[axis - 1] < a.size) break;
      for (std::size_t i = 0; i < N; ++i) offsets[i] -= a.strides[i] * a.size;
      index[axis - 1] = 0;
    }
    if (axis == 0) return;
  }
}

/// to[i] = f(a[i], b[i]) with both operands broadcast to the sizes of `to`. A, B and To are the stored
/// element types.
template <class A, class B, class To, class F>
void broadcast_binary(const Tensor& a, const Tensor& b, Tensor& to, F f) {
  const StridedWalk<2> walk(to.dims(),
                            {broadcast_strides(a.dims(), to.dims()), broadcast_strides(b.dims(), to.dims())});
  const A* left = a.data<A>();
  const B* right = b.data<B>();
  To* out = to.mutable_data<To>();
  walk.for_each_run([&](const auto& offsets, const auto& steps, std::int64_t count) {
    const A* x = left + offsets[0];
    const B* y = right + offsets[1];
    // One loop for each pattern of steps, so that the compiler can vectorize the common ones.
    if (steps[0] == 1 && steps[1] == 1)
      for (std::int64_t i = 0; i < count; ++i) out[i] = f(x[i], y[i]);
    else if (steps[0] == 1 && steps[1] == 0)
      for (std::int64_t i = 0; i < count; ++i) out[i] = f(x[i], *y);
    else if (steps[0] == 0 && steps[1] == 1)
      for (std::int64_t i = 0; i < count; ++i) out[i] = f(*x, y[i]);
    else
      for (std::int64_t i = 0; i < count; ++i) out[i] = f(x[i * steps[0]], y[i * steps[1]]);
    out += count;
  });
}

/// to[i] = f(from[i]) for tensors of equal size.
template <class From, class To, class F>
void map_elements(const Tensor& from, Tensor& to, F f) {
  const From* x = from.data<From>();
  To* y = to.mutable_data<To>();
  for (std::int64_t i = 0, count = from.size(); i < count; ++i) y[i] = f(x[i]);
}

}  // namespace lapidary
