#pragma once

#include <functional>

#include "engine/model/model.h"

namespace lapidary {

/// Calls `visit` for every node of the main graph, of subgraphs at any depth, and of model-local functions'
/// bodies (each once, however often it is called). `function` is the one whose body holds the node, or
/// nullptr.
void for_each_node(const Model& model,
                   const std::function<void(const Node&, const Function* function)>& visit);

/// Calls `visit` for the main graph and every subgraph at any depth, functions' included.
void for_each_graph(const Model& model, const std::function<void(const Graph&)>& visit);

/// The version of `domain` that holds for nodes in the body of `function`, or of the model's graph for
/// nullptr; 0 if it is not imported.
std::int64_t opset_within(const Model& model, const Function* function, std::string_view domain);

}  // namespace lapidary
