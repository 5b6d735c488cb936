#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/analysis/inferred_types.h"
#include "engine/ops/operator.h"

namespace lapidary {

struct NodeCost {
  std::optional<Cost> arithmetic;          ///< nothing if it cannot be known
  std::optional<std::int64_t> bytes_read;  ///< all inputs, weights included
  std::optional<std::int64_t> bytes_written;
};

/// What a model costs to hold and to run once. Calls of functions count what their bodies cost, an If its
/// dearer branch, a loop its body for each turn. In the totals, dimensions that are no numbers count as 1,
/// and a loop whose turns only the data tell counts one.
struct ModelCost {
  std::vector<NodeCost> nodes;  ///< by position in the main graph
  double macs = 0, flops = 0;
  int unknown_nodes = 0;  ///< nodes whose arithmetic could not be known, left out of the totals
  /// Elements and bytes of all initializers, and of the floating tensors in nodes' attributes (Constant);
  /// those of subgraphs and functions included.
  std::int64_t parameters = 0, parameter_bytes = 0;
  /// Largest sum of values alive at once, running in graph order; parameters and constants are not counted.
  std::int64_t activation_peak_bytes = 0;
};

ModelCost cost_of(const Model& model, const InferredTypes& types);
/// Of one node of `graph`: a subgraph, a function's body (InferredTypes::function_body), or the main graph
/// for nullptr.
NodeCost cost_of_node(const Model& model, const Graph* graph, const Node& node, const InferredTypes& types);
/// The cost of a run on these data, by input name: free dimensions are what the data say.
ModelCost cost_of_run(const Model& model, const std::vector<std::pair<std::string, Datum>>& inputs);

/// An operator that this program has no kernel for, and how often the model (subgraphs included) uses it.
struct UnsupportedOperator {
  std::string op, domain;
  int count = 0;
};
std::vector<UnsupportedOperator> unsupported_operators(const Model& model);
/// Nodes by operator type, subgraphs and functions included; other domains as "domain.Op".
std::map<std::string, int> operator_counts(const Model& model);
/// Subgraphs in attributes, at any depth.
int subgraph_count(const Model& model);

}  // namespace lapidary
