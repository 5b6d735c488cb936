#pragma once

#include <string>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

/// What ONNX's own checker (1.12) says against a model; nothing if it is content. It knows operator sets up
/// to 17: about models with newer ones it is not asked.
std::vector<std::string> standard_checker_messages(const Model& model);

}  // namespace lapidary
