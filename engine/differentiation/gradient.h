#pragma once

#include <string>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

/// The model with every Gradient node (ai.onnx.preview.training) of its main graph replaced by a call of a
/// model-local function that computes the derivatives by reverse mode; the model itself if it has none. Nodes
/// keep their places. Throws Error, naming the node, where the target depends on an operator that has no
/// rule.
ModelPointer with_gradients(ModelPointer model);

/// Names of the operators of ai.onnx that can be differentiated, sorted.
std::vector<std::string> differentiable_operators();

}  // namespace lapidary
