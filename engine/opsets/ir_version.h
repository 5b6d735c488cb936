#pragma once

#include <cstdint>

#include "engine/model/model.h"

namespace lapidary {

/// The model with another IR version. Before 4 every initializer is listed as an input too, and none can be
/// overridden: they are put there, or taken away. Throws Error if the version is not in 3 … 13, or the model
/// has functions, values that inputs may override, or element types that came later.
ModelPointer with_ir_version(const ModelPointer& model, std::int64_t version);

}  // namespace lapidary
