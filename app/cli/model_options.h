#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/cli/command.h"
#include "app/cli/memory_limit.h"
#include "engine/io/model_file.h"
#include "engine/io/tensor_file.h"
#include "engine/runtime/backend.h"

namespace lapidary::cli {

/// Which model, for every command that takes one.
struct ModelOptions {
  std::string path;
  bool follow_links = false;

  void declare(CLI::App& app);
  /// Throws Error; warnings go to standard error unless --quiet.
  LoadedModel load(const Output& output) const;
};

/// How to run it, for `run`, `bench` and `profile`.
struct RunCommandOptions {
  ModelOptions model;
  std::vector<std::string> inputs;      ///< NAME=SPEC
  std::string input_file;               ///< file or folder
  std::vector<std::string> dimensions;  ///< NAME=VALUE
  std::uint64_t seed = 0;
  std::string backend = "cpu";
  int threads = 0;
  bool float64 = false;
  MemoryLimitOption memory_limit;

  /// `input_file_option`: the name of the option for input_file, where --inputs means something else.
  void declare(CLI::App& app, const std::string& input_file_option = "--inputs");
};

/// A model loaded, compiled, and with its inputs at hand.
struct PreparedRun {
  std::unique_ptr<MemoryBudget::Scope> memory;  ///< holds as long as the run's data lives
  LoadedModel loaded;
  std::shared_ptr<Program> program;
  std::vector<Datum> inputs;
  double load_ms = 0, compile_ms = 0;

  /// Runs once. Throws Error that names the model's file.
  std::vector<Datum> run(const RunOptions& options);
};
/// The backend of that name. Throws Error if there is none, or it cannot be used here.
const Backend& available_backend(const std::string& name);

/// Loads the model and finds its inputs, but does not compile it; inputs stand as in required_inputs().
PreparedRun load_with_inputs(const RunCommandOptions& options, const Output& output);
/// Compiles what load_with_inputs() gave.
void compile(PreparedRun& run, const RunCommandOptions& options, bool keep_intermediates = false);
PreparedRun prepare(const RunCommandOptions& options, const Output& output, bool keep_intermediates = false);

/// The whole resident memory's peak of this process so far.
std::int64_t peak_rss_bytes();

/// {name, type, shape} of a value, sizes as numbers or text.
Json value_json(const std::string& name, const Type& type);

}  // namespace lapidary::cli
