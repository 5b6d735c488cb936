#pragma once

#include <optional>
#include <string>

#include "engine/model/model.h"

namespace lapidary {

/// A line of the program that a model was exported from.
struct SourceLine {
  std::string file;
  int line = 0;
  std::string function, code;
};

/// The line that made the node, from the traceback that PyTorch's exporter writes into its metadata
/// (`pkg.torch.onnx.stack_trace`): the innermost one outside PyTorch itself, else the innermost. Nothing if
/// the node has none.
std::optional<SourceLine> source_line(const Node& node);

}  // namespace lapidary
