#pragma once

#include <string>
#include <vector>

#include "engine/ops/operator.h"

namespace lapidary {

/// What contradicts each other in the shapes of an operator's inputs, and between them and its axes,
/// beyond what its inference needs to know. `inputs` are by position, Kind::Unknown where not known. A
/// message for each.
std::vector<std::string> shape_problems(const Operator& record, const Node& node,
                                        const std::vector<Type>& inputs);

}  // namespace lapidary
