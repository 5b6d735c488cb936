#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/edit/address.h"

namespace lapidary {

// Parts of a graph as models of their own: with the types that inference knows, and the weights, functions
// and operator sets that they use.

/// What lies between values: every node that `outputs` depend on, back to `inputs`. Without `inputs` the part
/// reaches back to the inputs of the graph. Throws Error that names what else the outputs depend on.
ModelPointer subgraph_between(const Model& model, const GraphPath& path,
                              const std::optional<std::vector<std::string>>& inputs,
                              const std::vector<std::string>& outputs);

/// The nodes at these positions. What they read from others becomes inputs, but weights and Constant nodes
/// come along; what others read of theirs, and what nobody reads, becomes outputs.
ModelPointer subgraph_of_nodes(const Model& model, const GraphPath& path,
                               const std::vector<std::size_t>& nodes);

}  // namespace lapidary
