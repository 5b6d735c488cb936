#pragma once

#include <cstdint>

namespace lapidary {

/// A matrix in row-major memory, or the transpose of one.
template <class T>
struct MatrixView {
  const T* data;
  std::int64_t row_stride;  ///< elements from one stored row to the next
  bool transposed = false;
};

/// C = A · B, or C += A · B, for A [m, k], B [k, n] and C [m, n] (sizes after transposition); C is row-major
/// with `c_row_stride` elements from row to row. T: float, double, std::uint32_t or std::uint64_t; signed
/// integers are multiplied as unsigned ones, which wraps around as the specification's overflow does.
template <class T>
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, MatrixView<T> a, MatrixView<T> b, T* c,
          std::int64_t c_row_stride, bool accumulate = false);

}  // namespace lapidary
