#pragma once

#include <string>
#include <vector>

#include "engine/passes/graph_rewriter.h"

namespace lapidary {

/// True if the body can be copied into the graph that runs it: no sparse initializers.
bool can_inline(const Graph& body);

/// Copies the nodes and initializers of `body` before the node at `position`, every name of its own made a
/// fresh one, and the names of nodes begun with `prefix`. Its inputs are `inputs`, by position; its output i
/// is called outputs[i], or gets a fresh name where that is empty. Returns the names of all its outputs. The
/// node at `position` must have been erased, or not make these outputs.
std::vector<std::string> inline_body(GraphRewriter& graph, std::size_t position, const Graph& body,
                                     const std::vector<std::string>& inputs,
                                     const std::vector<std::string>& outputs, const std::string& prefix);

}  // namespace lapidary
