#pragma once

#include <string>
#include <vector>

#include "app/cli/model_options.h"

namespace lapidary::cli {

/// Writes beside recorded tensors, as FILE.run.json, what they are of: {lapidary, model{path, sha1},
/// inputs{name: sha1}, seed, backend, backend_version, threads, float64}.
void write_run_record(const std::string& tensors, const RunCommandOptions& options, const PreparedRun& run);

/// A sentence for each thing that is otherwise in this run than in the one that recorded the tensors: model,
/// inputs. None if there is no record.
std::vector<std::string> differences_from_record(const std::string& tensors, const RunCommandOptions& options,
                                                 const PreparedRun& run);

}  // namespace lapidary::cli
