#pragma once

#include <QString>

#include "engine/trace/map_to_model.h"
#include "ui/document/run.h"

namespace lapidary::ui {

/// A run that another program traced, seen as one of a model.
struct ImportedRun {
  RunResult run;  ///< without data
  QString producer;
  TraceMapping mapping;
  std::size_t unused = 0;  ///< events that are not in the trace

  /// "122 of 122 operators that ONNX Runtime ran belong to this model · 3 events were left out".
  QString text() const;
};

/// Reads a profile of ONNX Runtime or PyTorch, or any Chrome trace, and finds the model's nodes in it. Throws
/// Error.
ImportedRun import_run(const std::string& path, const Model& model);
/// True for a file that by its name may hold a trace.
bool is_trace_file(const QString& path);

}  // namespace lapidary::ui
