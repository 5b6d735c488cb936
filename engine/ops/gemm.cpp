#include "engine/ops/gemm.h"

#include <Eigen/Core>

namespace lapidary {
namespace {

template <class T>
using RowMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using ConstMap = Eigen::Map<const RowMajor<T>, Eigen::Unaligned, Eigen::OuterStride<>>;

template <class T>
ConstMap<T> stored(const MatrixView<T>& view, std::int64_t rows, std::int64_t columns) {
  return ConstMap<T>(view.data, view.transposed ? columns : rows, view.transposed ? rows : columns,
                     Eigen::OuterStride<>(view.row_stride));
}

template <class A, class B, class C>
void multiply(const A& a, const B& b, C& c) {
  c.noalias() += a * b;
}

}  // namespace

template <class T>
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, MatrixView<T> a, MatrixView<T> b, T* c,
          std::int64_t c_row_stride, bool accumulate) {
  if (m == 0 || n == 0) return;
  Eigen::Map<RowMajor<T>, Eigen::Unaligned, Eigen::OuterStride<>> result(c, m, n,
                                                                         Eigen::OuterStride<>(c_row_stride));
  if (!accumulate) result.setZero();
  if (k == 0) return;
  const auto stored_a = stored(a, m, k);
  const auto stored_b = stored(b, k, n);
  if (a.transposed && b.transposed)
    multiply(stored_a.transpose(), stored_b.transpose(), result);
  else if (a.transposed)
    multiply(stored_a.transpose(), stored_b, result);
  else if (b.transposed)
    multiply(stored_a, stored_b.transpose(), result);
  else
    multiply(stored_a, stored_b, result);
}

template void gemm<float>(std::int64_t, std::int64_t, std::int64_t, MatrixView<float>, MatrixView<float>,
                          float*, std::int64_t, bool);
template void gemm<double>(std::int64_t, std::int64_t, std::int64_t, MatrixView<double>, MatrixView<double>,
                           double*, std::int64_t, bool);
template void gemm<std::uint32_t>(std::int64_t, std::int64_t, std::int64_t, MatrixView<std::uint32_t>,
                                  MatrixView<std::uint32_t>, std::uint32_t*, std::int64_t, bool);
template void gemm<std::uint64_t>(std::int64_t, std::int64_t, std::int64_t, MatrixView<std::uint64_t>,
                                  MatrixView<std::uint64_t>, std::uint64_t*, std::int64_t, bool);

}  // namespace lapidary
