#pragma once

#include "engine/passes/pattern.h"

namespace lapidary {

/// What Clip lets through.
struct ClipBounds {
  double low, high;
};

/// The bounds of a Clip node, attributes before operator set 11 and inputs since; infinite where there is
/// none. Nothing if they are not constant.
std::optional<ClipBounds> clip_bounds(const GraphRewriter& graph, const Node& node);

/// Clip of x to these bounds.
Pattern clipped(const Pattern& x, double low, double high);

}  // namespace lapidary
