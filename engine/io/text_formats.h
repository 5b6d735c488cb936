#pragma once

#include <string>
#include <string_view>

#include "engine/io/model_file.h"

namespace lapidary {

/// The wire bytes of the model that `text` describes in one of the three text forms. Throws Error with line
/// and column.
std::string wire_from_text(std::string_view text, ModelFormat format);
/// A model's wire bytes as text, fields newer than libonnx included. What a form cannot hold is said in
/// `messages`.
std::string text_from_wire(const std::string& wire, ModelFormat format, std::vector<std::string>& messages);

}  // namespace lapidary
