#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "engine/analysis/inferred_types.h"

// The parts of check_model; each appends what it finds.

namespace lapidary {

using Problems = std::vector<Problem>;
using Severity = Problem::Severity;

inline void add_problem(Problems& problems, Severity severity, std::string node, std::string tensor,
                        std::string message) {
  problems.push_back({severity, std::move(node), std::move(tensor), std::move(message)});
}

/// Names that the nodes of a graph may read: its own so far, and those of the graphs around it.
struct NameScope {
  std::unordered_set<std::string_view> defined;
  const NameScope* outer = nullptr;
  bool has(std::string_view name) const { return defined.contains(name) || (outer && outer->has(name)); }
};

/// Versions, operator set imports, metadata, and functions' signatures.
void check_header(const Model& model, Problems& problems);

/// A graph's names, producers, order and tensors; its nodes by check_node, subgraphs by itself. `function` is
/// the one whose body holds the graph, or nullptr.
void check_graph(const Model& model, const Graph& graph, const Function* function, const NameScope* outer,
                 const InferredTypes& types, Problems& problems);

/// A function's body: names, order, attribute references, nodes.
void check_function(const Model& model, const Function& function, const InferredTypes& types,
                    Problems& problems);

/// A node against its operator's record: known, not deprecated, arity, attributes, type constraints. `graph`
/// is where its values' types are found, nullptr where they are not known (functions).
void check_node(const Model& model, const Node& node, const Function* function, const Graph* graph,
                const InferredTypes& types, Problems& problems);

}  // namespace lapidary
