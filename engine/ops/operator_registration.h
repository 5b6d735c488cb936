#pragma once

#include <vector>

#include "engine/ops/operator.h"

namespace lapidary {

/// Adds operators to operator_table() that it does not have yet in any version. Records found before stay
/// where they are; to be called at start-up, before other threads use the table.
void register_operators(std::vector<Operator> records);

}  // namespace lapidary
