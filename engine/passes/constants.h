#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/passes/graph_rewriter.h"

namespace lapidary {

// What passes ask of constants.

/// The numbers of a constant integer tensor (axes, shapes, starts); nothing if it is none.
std::optional<std::vector<std::int64_t>> constant_integers(const GraphRewriter& graph,
                                                           const std::string& value);
/// Attribute `name` (in older versions) or input `index`, whichever the node has; nothing if neither is
/// there, or the input is not constant. `given` tells the two apart.
struct IntegersArgument {
  bool given = false;
  std::optional<std::vector<std::int64_t>> values;
};
IntegersArgument integers_argument(const GraphRewriter& graph, const Node& node, const char* name,
                                   std::size_t index);
/// The axes that a reduction of the standard takes away, sorted and counted from the front; nothing if they
/// or the rank are not known. Those of a node without any are all, or none with `noop_with_empty_axes`.
std::optional<std::vector<std::int64_t>> reduced_axes(const GraphRewriter& graph, const Node& node);
/// The only number of a constant with one element; nothing otherwise.
std::optional<double> constant_number(const GraphRewriter& graph, const std::string& value);
/// The sizes of a value if all are known numbers.
std::optional<Dims> known_dims(const GraphRewriter& graph, const std::string& value);
/// True if both values have the same known shape, symbols included.
bool same_shape(const GraphRewriter& graph, const std::string& a, const std::string& b);
/// int64 [count].
Tensor integers_tensor(const std::vector<std::int64_t>& values);

}  // namespace lapidary
