#pragma once

#include <cstdint>
#include <string>

#include "engine/model/tensor.h"

namespace lapidary {

struct Tolerance {
  double relative = 1e-3, absolute = 1e-7;
};

/// How two data differ. Equal means: same kind, element type and sizes, and every element within
/// absolute + relative · |want|; NaN equals NaN, infinities only themselves; strings and bools exactly.
struct Difference {
  bool equal = true;
  std::int64_t mismatches = 0;  ///< elements outside the tolerance
  double max_absolute = 0, max_relative = 0;
  std::string message;  ///< the first difference in words; empty if equal
};
Difference difference(const Datum& got, const Datum& want, const Tolerance& tolerance);

/// Smallest, largest and mean of the finite elements, and how many are not finite. For a tensor without
/// numbers all are 0.
struct Summary {
  double minimum = 0, maximum = 0, mean = 0;
  std::int64_t nan = 0, infinite = 0;
};
Summary summarize(const Tensor& tensor);

}  // namespace lapidary
