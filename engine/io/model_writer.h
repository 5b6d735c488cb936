#pragma once

#include <functional>

#include "engine/io/tensor_proto.h"
#include "engine/model/model.h"

namespace lapidary {

using PlacementOf = std::function<Placement(const NamedTensor&)>;

/// Model → ModelProto: fields in the order of their numbers, unknown ones behind. Large weights are referred
/// to: `model` must live until the message is written out.
WireWriter write_model(const Model& model, const PlacementOf& placement_of);
/// With every tensor inside.
WireWriter write_model(const Model& model);

}  // namespace lapidary
