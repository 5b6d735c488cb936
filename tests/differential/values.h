#pragma once

#include "engine/model/tensor.h"
#include "tests/differential/random.h"

namespace lapidary::differential {

/// What a random tensor holds.
enum class Fill {
  Ordinary,  ///< a few small numbers, positive and negative
  Edges,     ///< Ordinary with NaN, infinities, denormals, zeros and extreme numbers among it
  Positive,  ///< 0.5 to 2; integers 1 to 4
};

Tensor random_tensor(Random& random, DataType type, const Dims& dims, Fill fill);
/// Each size 1 to 5, seldom 0 or up to 17.
Dims random_dims(Random& random, int minimum_rank, int maximum_rank);
/// Sizes that broadcast with `dims` to `dims` again or to one axis more.
Dims broadcastable(Random& random, const Dims& dims);

}  // namespace lapidary::differential
