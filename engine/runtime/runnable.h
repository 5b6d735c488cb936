#pragma once

#include "engine/model/model.h"

namespace lapidary {

/// What every backend needs of a model before it compiles it: each value is made exactly once, nothing is
/// read that nobody makes, no node waits for itself, in the main graph, bodies and functions alike, and the
/// versions of the standard's operators are known. Throws Error that names node and tensor,
/// UnsupportedOperatorError for versions.
void check_runnable(const Model& model);

}  // namespace lapidary
