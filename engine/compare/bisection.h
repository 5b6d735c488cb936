#pragma once

#include "engine/compare/run_comparison.h"

namespace lapidary {

/// Where bisection came to: the first node after which what flows on differs.
struct Bisection {
  std::string node, op_type, tensor;  ///< the tensor of the node that is off
  double max_absolute = 0;
  int runs = 0;  ///< of each side
};

/// Finds where two runs part without keeping what is in between: each run has those values as outputs that
/// flow from the nodes before a place to those behind it, and the place is halved. For backends that give
/// outputs alone, and where values are too large to be kept. Nothing if the outputs agree. Throws Error if
/// one does not run.
std::optional<Bisection> bisect(const ComparedRun& a, const ComparedRun& b, const Values& inputs,
                                const ComparisonOptions& options);

}  // namespace lapidary
