#include "engine/io/onnx_text.h"

#include <onnx/defs/parser.h>

#include <algorithm>

#include "engine/model/error.h"

namespace lapidary {
namespace {

constexpr int max_depth = 200;

/// libonnx's reader calls itself for every bracket; text that would exhaust the stack is refused before it.
void check_depth(const std::string& text) {
  int depth = 0;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '{' || c == '(' || c == '<' || c == '[') ++depth;
    if (c == '}' || c == ')' || c == '>' || c == ']') depth = std::max(0, depth - 1);
    if (depth > max_depth)
      throw Error("the ONNX text is nested deeper than " + std::to_string(max_depth) + " levels");
  }
}

}  // namespace

std::string wire_from_onnx_text(const std::string& text) {
  check_depth(text);
  onnx::ModelProto model;
  std::string reason;
  try {
    const auto status = onnx::OnnxParser::Parse(model, text.c_str());
    if (!status.IsOK()) reason = status.ErrorMessage();
  } catch (const std::exception& error) {
    reason = error.what();
  }
  std::replace(reason.begin(), reason.end(), '\n', ' ');
  if (!reason.empty()) throw Error("the ONNX text cannot be read: " + reason);
  return model.SerializeAsString();
}

}  // namespace lapidary
