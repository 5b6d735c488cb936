#pragma once

#include <string_view>
#include <vector>

#include "engine/ops/operator.h"

namespace lapidary {

/// A record's example, read: one node and what goes into it.
///
/// The notation (Operator::example) is a list of inputs and attributes by the names that the record gives
/// them, with semicolons between; tensors are written as in ONNX's own text form:
///
///   X = float[2, 2]{1, -2, 3, -4}; alpha = 0.1
///
/// - Tensors: `type[sizes]{elements}`, a scalar without sizes: `int64{3}`. Elements: `-0.5`, `inf`, `nan`,
/// `true`,
///   `"text"`, `1+2i`; `{1..9}` counts up by one, and a single element stands for all: `float[3, 3]{1}`.
/// - Other inputs: `seq(float[2]{1, 2}, float[1]{3})`, an empty optional `none`, and maps with their keys
/// first:
///   `map(int64[2]{1, 2}; float{0.5}, float{0.25})`.
/// - Names that the record does not have are inputs of a variadic parameter, in their order. Optional inputs
/// may be
///   left out.
/// - Attributes: `axis = 1; mode = "linear"; pads = [1, 1]; value = float[2]{1, 2}; type =
/// seq(tensor(float))`.
/// - Graphs: `body = (i, keep, x) => (keep, next) { one = float{1}; next = Add<axis = 0>(x, one) }`.
/// - Last `-> Y, mask` names the outputs that are wanted; without it, one for each that must be there.
struct Example {
  Node node;
  std::vector<Datum> inputs;  ///< in the order of node.inputs; nothing for an optional one left out
};
/// Throws Error, saying what is wrong with the notation, or what the record does not have.
Example read_example(const Operator& record);
/// A model of the example's node alone. Its inputs are the graph's inputs.
ModelPointer example_model(const Operator& record, const Example& example);
/// A tensor, sequence or map in the notation above.
Datum read_datum(std::string_view text);

}  // namespace lapidary
