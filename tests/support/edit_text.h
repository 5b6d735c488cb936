#pragma once

#include <string>

#include "engine/model/model.h"

namespace lapidary::test {

/// A model from ONNX's text form; its nodes are called after operator and position: Relu_0, Add_1, …
/// `graph` stands behind "g": "(float[2] x) => (float[2] y) { y = Relu(x) }". Opset 17 unless `head` says
/// otherwise.
ModelPointer model_of_text(const std::string& graph, const std::string& head = "");

/// Small graphs for model_of_text(): three nodes in a row, and bodies that read `a` and `w` of the graph
/// around them.
inline constexpr const char* chain_text = R"((float[2] x) => (float[2] y) <float[2] w = {1, 2}> {
  a = Relu(x)
  b = Add(a, w)
  y = Sigmoid(b)
})";
inline constexpr const char* branches_text =
    R"((float[2] x, bool c) => (float[2] y) <float[2] w = {1, 2}> {
  a = Relu(x)
  y = If (c) <then_branch = t () => (float[2] r) { r = Neg(a) }, else_branch = e () => (float[2] s) { s = Add(a, w) }>
})";

/// What edits change, one part a line: inputs, weights, nodes with name and attributes, outputs, declared
/// types, bodies and functions indented.
std::string edit_text(const Model& model);

}  // namespace lapidary::test
