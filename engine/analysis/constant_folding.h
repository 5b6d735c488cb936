#pragma once

#include <optional>
#include <vector>

#include "engine/analysis/inferred_types.h"
#include "engine/ops/operator.h"

namespace lapidary {

/// Runs the kernel of a deterministic node whose inputs are all constants, if inputs and outputs are small:
/// up to 4096 integers, or 64 of other types; a node without inputs may give any size. `inputs` holds nullptr
/// where an optional one is left out. Nothing if the node cannot be folded or its kernel refuses.
std::vector<Tensor> fold_node(const Operator& record, const Node& node,
                              const std::vector<const Tensor*>& inputs,
                              const std::vector<Type>& output_types);

/// The elements of an integer or bool tensor of at most 64 elements; nothing for others.
std::optional<std::vector<Dimension>> small_values(const Tensor& tensor);

/// The tensor with the given contents, if all are numbers and fit the type's shape.
std::optional<Tensor> tensor_of_values(const Type& type, const std::vector<Dimension>& values);

}  // namespace lapidary
