#pragma once

#include <vector>

#include "engine/opsets/opset_step.h"

namespace lapidary {

/// The model without constants and nodes that lost their last reader since `before`.
ModelPointer without_orphans(const Model& before, const Model& model);

/// What check_model() says of the converted model and did not say of the one before, each at the node that it
/// goes back to.
std::vector<OpsetBlocker> problems_since(const Model& before, const Model& converted,
                                         const ConversionHistory& history);

}  // namespace lapidary
