#pragma once

#include <vector>

#include "engine/analysis/inferred_types.h"
#include "engine/model/model.h"
#include "engine/trace/trace.h"

namespace lapidary {

/// Maps operators whose names say nothing: in each run, those of one kind to the nodes of that kind, in
/// order, where there are equally many or the shapes fit; what is nested in them is theirs. A step that
/// several nodes share is split. `claimed`: nodes that others have already; grows.
void map_by_order(Trace& trace, const Model& model, const InferredTypes& types, std::vector<bool>& claimed);

}  // namespace lapidary
