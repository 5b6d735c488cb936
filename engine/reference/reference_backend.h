#pragma once

#include "engine/runtime/backend.h"

namespace lapidary {

/// Runs any model node by node with the kernels of engine/ops, in the model's own types or all in float64.
Backend reference_backend();

}  // namespace lapidary
