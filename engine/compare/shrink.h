#pragma once

#include "engine/compare/run_comparison.h"

namespace lapidary {

/// A divergence by itself: the operators that part, as models of their own, on inputs as small as still show
/// it.
struct ShrunkDivergence {
  ComparedRun a, b;  ///< `b` has the values' names of `a`; the same model where only the backends differ
  Values inputs;
  Divergence divergence;       ///< of these two
  std::size_t node_count = 0;  ///< of the larger model, Constant nodes not counted
};

/// Cuts the first divergence out of a comparison of `a` and `b`, and its inputs down: sizes of axes are
/// halved as long as the operators still run and still part. Nothing where no operator by itself is at fault,
/// or where the part by itself does not show it.
std::optional<ShrunkDivergence> shrink(const ComparedRun& a, const ComparedRun& b, const Values& inputs,
                                       const RunComparison& found, const ComparisonOptions& options);

}  // namespace lapidary
