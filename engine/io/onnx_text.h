#pragma once

#include <string>
#include <vector>

namespace lapidary {

/// ONNX's own textual syntax ⇄ wire bytes of a model. Reading is libonnx's (1.12). What the syntax cannot
/// hold (names of nodes, metadata, …) is said in `messages`; a name that is no identifier is an Error.
std::string wire_from_onnx_text(const std::string& text);
std::string onnx_text_from_wire(const std::string& wire, std::vector<std::string>& messages);

}  // namespace lapidary
