#pragma once

#include <string>
#include <vector>

#include "engine/compare/local_comparison.h"

namespace lapidary {

/// Why operators that were given the same may have made different things, each a sentence with what was
/// found: weights, attributes, operators and their versions that differ, a narrower type in between,
/// infinities and NaN in what they were given, and whole numbers at the end of their range.
std::vector<std::string> likely_reasons(const SectionedGraph& a, const SectionedGraph& b,
                                        const TensorGroup& group, const LocalDifference& local,
                                        const TensorMetrics& metrics);

}  // namespace lapidary
