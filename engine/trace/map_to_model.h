#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/model/model.h"
#include "engine/trace/trace.h"

namespace lapidary {

/// How much of an imported trace belongs to a model.
struct TraceMapping {
  std::size_t operator_spans = 0, mapped_spans = 0;
  std::int64_t operator_ns = 0, mapped_ns = 0;  ///< sums over the spans, nested ones once
  /// Names of what was not, with how often; most first.
  std::vector<std::pair<std::string, std::size_t>> unmapped;
};

/// Finds the nodes of `model` that the operators of an imported trace ran, by names of nodes and tensors,
/// then what is fused into them, then by operator, shapes and order; Step::nodes and node_names get them, and
/// StepOrigin::mapped_by says how. FLOPs come from the nodes, with the sizes that the trace shows.
TraceMapping map_to_model(Trace& trace, const Model& model);

}  // namespace lapidary
