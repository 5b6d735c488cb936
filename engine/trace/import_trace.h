#pragma once

#include <map>
#include <string>

#include "engine/io/mapped_file.h"
#include "engine/trace/trace.h"
#include "engine/trace/trace_events.h"

namespace lapidary {

/// A trace that another program wrote, and what of its file could not be used.
struct ImportedTrace {
  Trace trace;
  std::string producer;  ///< "ONNX Runtime", "PyTorch", "Lapidary", or "Chrome trace"
  TraceEventCounts counts;
  std::map<std::string, std::size_t> unused;  ///< events by why they are not in the trace
};

/// Reads a profile of ONNX Runtime or PyTorch, or any Chrome trace; gzip too. Times count from the first
/// event. Where the file tells runs apart (`model_run`, `ProfilerStep#3`, `run 1`), these are the trace's
/// runs, else all is one run. Throws Error with the file named if it cannot be read or is no trace.
ImportedTrace import_trace(const std::string& path);
ImportedTrace import_trace(const FileBytes& file);

}  // namespace lapidary
