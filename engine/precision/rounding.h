#pragma once

#include <cstdint>

#include "engine/model/tensor.h"

namespace lapidary {

/// From this size on a constant is taken for "as good as infinite", as masks and limits have them: it is
/// clamped where a type cannot hold it.
inline constexpr double sentinel_size = 1e9;

/// What is lost when numbers are rounded to a type of 16 bits.
struct RoundingLoss {
  std::int64_t overflows = 0;      ///< finite numbers that become infinite, below sentinel_size
  std::int64_t sentinels = 0;      ///< finite numbers that become infinite, from sentinel_size on
  double largest = 0;              ///< largest size of those
  double errors = 0, squares = 0;  ///< sums over the numbers that fit: of squared errors, and of squares

  /// Of a floating tensor of more than 16 bits; others lose nothing.
  void add(const Tensor& tensor, DataType type);
  /// Root mean square of the errors over that of the numbers.
  double relative_error() const;
  /// Rounding to nearest costs float16 at most 2^-11 of each number, bfloat16 2^-9, unless the numbers are so
  /// small that their last bits, or all of them, are gone.
  bool underflows() const { return relative_error() > 0.05; }
};

/// The floating tensor in another floating type, rounded to nearest even. Sentinels that do not fit become
/// half the largest number of their sign, so that a sum of two stays finite.
Tensor rounded(const Tensor& tensor, DataType type);

}  // namespace lapidary
