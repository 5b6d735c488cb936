#pragma once

#include "engine/opsets/node_rewrite.h"

namespace lapidary {

/// Before version 7 an attribute said where the second operand's axes lie; numpy's rule needs axes of size 1
/// behind.
void raise_broadcast_7(NodeRewrite& rewrite);
/// True if the shapes of all inputs are known to be the same.
bool have_one_shape(const NodeRewrite& rewrite);

}  // namespace lapidary
