#pragma once

#include <vector>

#include "engine/analysis/inferred_types.h"

namespace lapidary {

/// Validates a model: graph, names, topological order, arities, attributes, types, shapes, versions. Nothing
/// found means valid. Problems are in file order.
std::vector<Problem> check_model(const Model& model);

}  // namespace lapidary
