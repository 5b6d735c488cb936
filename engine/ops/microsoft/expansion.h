#pragma once

#include <vector>

#include "engine/model/model.h"

namespace lapidary {

/// A node of com.microsoft as a small graph of the standard's operators, for backends that are fast on those.
/// Inputs and outputs stand for the node's by position; names are left empty where the node leaves them out.
/// `inputs` are the types that are known. nullptr where the node has no such form.
GraphPointer expansion_of(const Node& node, const std::vector<Type>& inputs);
/// The operator set of its nodes.
inline constexpr std::int64_t expansion_opset = 23;

}  // namespace lapidary
