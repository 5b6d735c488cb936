#pragma once

#include <string>

#include "engine/model/model.h"

namespace lapidary {

/// The model, some dimensions of whose inputs were made the symbols `names`, with what had their former
/// numbers built in put right: constant shapes of Reshape copy the size or derive it, and the declared types
/// of outputs and intermediates are those that follow. `before` is the model as it was.
ModelPointer with_sizes_followed(const ModelPointer& before, const ModelPointer& model,
                                 const std::vector<std::string>& names);

}  // namespace lapidary
