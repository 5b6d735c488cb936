#pragma once

#include <unordered_set>

#include "engine/analysis/inferred_types.h"

namespace lapidary {

/// Nodes of `graph`, one of `model`, that compute sizes or indices in floating numbers: single numbers or
/// lists that come from integers alone and end as integers or as the scales of a Resize. They need whole
/// numbers beyond those that float16 holds.
std::unordered_set<const Node*> index_arithmetic(const Model& model, const Graph& graph,
                                                 const InferredTypes& types);

}  // namespace lapidary
