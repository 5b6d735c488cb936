#pragma once

#include "engine/model/model.h"

namespace lapidary {

// Edits are functions from snapshot to snapshot; each shares with its argument all that it does not change.

/// The model with its main graph replaced.
ModelPointer with_graph(const Model& model, Graph graph);
/// The model with node `index` of its main graph replaced.
ModelPointer with_node(const Model& model, std::size_t index, Node node);

}  // namespace lapidary
