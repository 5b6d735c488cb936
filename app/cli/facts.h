#pragma once

#include <optional>

#include "app/cli/model_options.h"
#include "engine/trace/statistics.h"

namespace lapidary::cli {

// What commands find out, for those that put several findings together; each stands in the file of its
// command.

/// As `info --json` prints it.
Json info_json(const LoadedModel& loaded);
/// As `check --json` prints it.
Json check_json(const LoadedModel& loaded);

struct ProfileOptions {
  RunCommandOptions run;
  std::string trace_file, import_file, csv_file, netron_file, model_explorer_file;
  std::string group_by, against;
  bool roofline = false, findings = false;
  int runs = 10;
  std::optional<int> warmup;  ///< nothing: until runs take equally long
};
struct RecordedRun {
  ModelPointer model;
  Trace trace;
};
RecordedRun record_trace(const ProfileOptions& options, const Output& output);
/// As `profile --json` prints it.
Json profile_json(const TraceSummary& summary, const Trace& trace);

}  // namespace lapidary::cli
