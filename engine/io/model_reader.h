#pragma once

#include <span>

#include "engine/io/tensor_proto.h"
#include "engine/model/model.h"

namespace lapidary {

/// ModelProto → Model. Weights share `context.owner`. Structural faults (cycles, names made twice) are no
/// error here. Throws Error, with node and tensor named, where the bytes are no model.
Model read_model(std::span<const std::byte> message, const ReadContext& context);

}  // namespace lapidary
