#pragma once

#include "engine/ops/operator.h"

namespace lapidary {

/// No arithmetic: data is only moved or described.
CostFunction no_arithmetic();
/// `flops` operations for each element of output 0.
CostFunction per_element(double flops);
/// `flops` operations for each element of input 0 (reductions, pooling).
CostFunction per_input_element(double flops);
/// Always nothing: what the operator does depends on the data, so that shapes do not tell its cost.
CostFunction unknown_cost();

}  // namespace lapidary
