#pragma once

#include <vector>

#include "engine/model/tensor.h"

namespace lapidary {

/// The tensor with its axes in another order: axis i of the result is axis permutation[i]. Throws Error for
/// types of less than a byte and strings.
Tensor permuted(const Tensor& tensor, const std::vector<int>& permutation);
std::vector<int> inverse(const std::vector<int>& permutation);
/// What permuted() was made from; the tensor itself for an empty permutation.
Tensor unpermuted(const Tensor& tensor, const std::vector<int>& permutation);

}  // namespace lapidary
