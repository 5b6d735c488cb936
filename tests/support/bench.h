#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lapidary::test {

/// Median, and the smallest and largest, of a list of measurements.
struct Spread {
  double median = 0, minimum = 0, maximum = 0;
};
Spread spread_of(std::vector<double> measurements);

/// How a child process ended: wall time, peak resident memory, exit code, and what it printed.
struct ProcessResult {
  double wall_ms = 0;
  std::int64_t peak_rss_bytes = 0;
  int exit_code = -1;
  std::string output;
};
/// Runs a program with standard output caught and standard error discarded.
ProcessResult run_process(const std::vector<std::string>& command);

/// The processor's name, its instruction sets that matter, and the number of cores: stands beside every
/// figure.
nlohmann::ordered_json machine_json();

/// Writes the document to FILE if the arguments hold --json FILE.
void report(const nlohmann::ordered_json& document, int argc, char** argv);

}  // namespace lapidary::test
