#pragma once

#include "tests/differential/draft.h"

namespace lapidary::differential {

/// Adds several nodes that exporters and quantizers write one after the other, and that engines fuse:
/// products with bias, rest and activation, in 8 bits too, and what is spelled out in simpler operators.
void add_pattern(Draft& draft);

}  // namespace lapidary::differential
