#pragma once

#include <vector>

#include "engine/analysis/inferred_types.h"

namespace lapidary {

/// Validates a model: versions, graph, names, topological order, operators, arities, attributes, types,
/// shapes, functions. Nothing found means valid; an Error breaks a rule of the standard, a Warning may still
/// run, a Note only tells. Problems are in file order: the model's, then each node's, functions last.
std::vector<Problem> check_model(const Model& model);

}  // namespace lapidary
