#pragma once

#include "engine/passes/fusion.h"

namespace lapidary {

/// An axis of a value, whose size is meant.
struct SizeOf {
  std::string value;
  std::size_t axis;
};

/// `name`, whose last axes are 1 or as long as these, with their whole size: itself where it has that, else
/// Expand to them. What they are is read from an input of the graph where one has that size, so that all who
/// ask get the same node. The shapes of all values must be known.
Operand with_sizes(const GraphRewriter& graph, const std::string& name, const std::vector<SizeOf>& sizes);

}  // namespace lapidary
