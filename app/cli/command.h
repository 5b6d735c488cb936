#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lapidary::cli {

using Json = nlohmann::ordered_json;

/// What every command may be asked for besides its own options.
struct Output {
  bool json = false;
  bool quiet = false;
};

/// Runs the command with the options that were read; returns the exit code (0, or 1 for a fault that was
/// found).
using Action = std::function<int(const Output&)>;

/// One command: its name, its line in the help, and a function that declares its options and gives the
/// action.
struct Command {
  std::string name, description;
  Action (*declare)(CLI::App& app);
};

/// All commands, in the order of the help. Each stands in the file of its name.
const std::vector<Command>& commands();

Action declare_info(CLI::App& app);
Action declare_check(CLI::App& app);
Action declare_run(CLI::App& app);
Action declare_bench(CLI::App& app);
Action declare_profile(CLI::App& app);
Action declare_convert(CLI::App& app);
Action declare_extract(CLI::App& app);
Action declare_compose(CLI::App& app);
Action declare_diff(CLI::App& app);
Action declare_compare(CLI::App& app);
Action declare_report(CLI::App& app);
Action declare_edit(CLI::App& app);
Action declare_optimize(CLI::App& app);
Action declare_render(CLI::App& app);
Action declare_conformance(CLI::App& app);
Action declare_backends(CLI::App& app);
Action declare_ops(CLI::App& app);

// --- printing ---

/// The document on standard output, and nothing else.
void print_json(const Json& document);
/// Rows of text as aligned columns; the first row is the heading. Columns of numbers stand right.
void print_table(const std::vector<std::vector<std::string>>& rows);
/// Three significant digits: "0.123", "12.3", "1 230".
std::string number(double value);
/// "25.6 M", "8.21 G": with a decimal prefix.
std::string with_prefix(double value);
/// "97.8 MB".
std::string bytes_text(double bytes);

/// A bar on standard error while a long command works: only on a terminal, and never with --quiet.
class ProgressBar {
 public:
  ProgressBar(std::string label, const Output& output);
  ~ProgressBar();
  void update(std::size_t done, std::size_t all);

 private:
  std::string label_;
  bool shown_;
  int last_percent_ = -1;
};

}  // namespace lapidary::cli
