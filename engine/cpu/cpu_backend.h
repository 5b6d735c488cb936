#pragma once

#include "engine/runtime/backend.h"

namespace lapidary {

/// The fast CPU backend: oneDNN and Highway kernels in blocked layouts, one arena, weights packed once.
Backend cpu_backend();

}  // namespace lapidary
