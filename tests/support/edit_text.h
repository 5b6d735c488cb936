#pragma once

#include <string>

#include "engine/model/model.h"

namespace lapidary::test {

/// A model from ONNX's text form; its nodes are called after operator and position: Relu_0, Add_1, …
/// `graph` stands behind "g": "(float[2] x) => (float[2] y) { y = Relu(x) }". Opset 17 unless `head` says
/// otherwise.
ModelPointer model_of_text(const std::string& graph, const std::string& head = "");

/// What edits change, one part a line: inputs, weights, nodes with name and attributes, outputs, declared
/// types, bodies and functions indented.
std::string edit_text(const Model& model);

}  // namespace lapidary::test
