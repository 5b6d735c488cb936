#pragma once

#include "engine/passes/fusion.h"

namespace lapidary {

// What fusions to LayerNormalization and RMSNormalization have in common.

/// The mean of x along some axes, which stay with size 1.
Pattern mean_of_rows(const Pattern& x);

/// The fusions of a normalization of rows to `op_type`, which `opset` has first: `normalized` is its formula
/// of x and the number "epsilon", with all means by mean_of_rows(). What follows with the sizes of a row is
/// its scale, and where `has_bias` its bias; without scale one of ones is written. Also where x is widened to
/// float32 for it, in which the operators keep their statistics, and narrowed again. Not for float64, and not
/// where the means are not along the last axes.
std::vector<Fusion> row_normalizations(const std::string& op_type, std::int64_t opset,
                                       Pattern (*normalized)(const Pattern& x), bool has_bias);

}  // namespace lapidary
