#pragma once

#include "engine/ops/microsoft/microsoft.h"

/// What fused operators mean, for their kernels and for their expansion into the standard's.
namespace lapidary::microsoft {

/// The numbers of an activation by the names of the attributes, or of Clip's inputs, that they stand for.
Attributes activation_attributes(const FusedActivation& activation);

/// The order of axes in which FusedMatMul reads factor `index` (0 or 1) of `rank`: with transBatch… the first
/// axis goes before the last one, with trans… the last two then change places. A vector is never transposed.
std::vector<std::int64_t> factor_order(const Node& node, std::size_t index, std::size_t rank);

}  // namespace lapidary::microsoft
