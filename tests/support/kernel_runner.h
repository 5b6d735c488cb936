#pragma once

#include <vector>

#include "engine/model/model.h"

namespace lapidary::test {

/// Runs the reference kernel of one node, with the operator record in force at `opset`; a default-made Datum
/// stands for an optional input left out. `widened` runs it as a backend that makes all floating types
/// float64. Throws Error if the operator has no kernel there.
std::vector<Datum> run_kernel(const Node& node, std::vector<Datum> inputs, std::int64_t opset = 27,
                              bool widened = false);

/// The first output of run_kernel(), which must be a tensor.
Tensor run_kernel_once(const Node& node, std::vector<Datum> inputs, std::int64_t opset = 27);

/// What the operator's inference says for the node at `opset`: types of its outputs, contents of small
/// integer outputs, and contradictions.
struct Inferred {
  std::vector<Type> types;
  std::vector<std::optional<std::vector<Dimension>>> values;
  std::vector<std::string> problems;
};
/// `constants` gives the inputs whose contents are known, in order; absent tensors and missing entries are
/// not known.
Inferred infer(const Node& node, std::vector<Type> inputs, std::vector<Tensor> constants = {},
               std::int64_t opset = 27);

}  // namespace lapidary::test
