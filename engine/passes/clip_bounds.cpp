#include "engine/passes/clip_bounds.h"

#include <cmath>
#include <limits>

#include "engine/passes/constants.h"

namespace lapidary {

std::optional<ClipBounds> clip_bounds(const GraphRewriter& graph, const Node& node) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  ClipBounds bounds{-infinity, infinity};
  const auto read = [&](const char* name, std::size_t slot, double& bound) {
    const std::string& input = input_or_empty(node, slot);
    if (node.find_attribute(name))
      bound = static_cast<double>(node.attribute_or(name, std::nanf("")));
    else if (!input.empty())
      bound = constant_number(graph, input).value_or(std::nan(""));
  };
  read("min", 1, bounds.low);
  read("max", 2, bounds.high);
  return std::isnan(bounds.low) || std::isnan(bounds.high) ? std::nullopt : std::optional(bounds);
}

Pattern clipped(const Pattern& x, double low, double high) {
  return call("Clip", {x}).where([=](const GraphRewriter& graph, const Node& node) {
    const auto bounds = clip_bounds(graph, node);
    return bounds && bounds->low == low && bounds->high == high;
  });
}

}  // namespace lapidary
