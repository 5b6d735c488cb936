#pragma once

#include <vector>

#include "engine/compare/equivalence.h"
#include "engine/passes/pass.h"

namespace lapidary {

/// An optimized model with what was tested of it.
struct ProvenOptimization {
  Optimized optimized;
  Equivalence equivalence;
  std::vector<Rewrite> broken;  ///< single rewrites that change what the model says, found by bisection
};

/// Optimizes and compares. Where the result differs from the original, finds the first rewrite from which on
/// it does; with `leave_out_broken` it is left out, and all begins again.
ProvenOptimization optimize_with_proof(const ModelPointer& original, const std::vector<Pass>& chosen,
                                       const PassContext& context, const EquivalenceTest& test,
                                       bool leave_out_broken);

}  // namespace lapidary
