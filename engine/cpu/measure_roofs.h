#pragma once

#include "engine/runtime/roofs.h"

namespace lapidary {

/// Measures the best that oneDNN's matrix products reach here in float32, bfloat16 and int8, and how fast
/// memory is copied, on so many threads. Takes about two seconds.
Roofs measure_roofs(int threads);

}  // namespace lapidary
