#include <iostream>

#include "app/cli/facts.h"
#include "engine/analysis/check.h"
#include "engine/io/checksum.h"
#include "engine/io/standard_checker.h"

namespace lapidary::cli {
namespace {

std::string_view severity_name(Problem::Severity severity) {
  switch (severity) {
    case Problem::Severity::Error:
      return "error";
    case Problem::Severity::Warning:
      return "warning";
    case Problem::Severity::Note:
      return "note";
  }
  return "";
}

/// Our own findings, damaged files of weights, then what ONNX's checker says beside them: as notes, since it
/// knows opsets to 17 only.
std::vector<Problem> all_problems(const LoadedModel& loaded) {
  std::vector<Problem> problems = check_model(*loaded.model);
  for (const auto& message : checksum_problems(loaded))
    problems.push_back({Problem::Severity::Error, "", "", message});
  for (const auto& message : standard_checker_messages(*loaded.model))
    problems.push_back({Problem::Severity::Note, "", "", "ONNX's checker: " + message});
  return problems;
}

/// What keeps the file from being opened as a model is a problem of it like others.
std::vector<Problem> problems_of(const ModelOptions& options, const Output& output) {
  try {
    return all_problems(options.load(output));
  } catch (const Error& error) {
    if (!output.json || error.kind() != Error::Kind::Model) throw;
    if (!output.quiet) std::cerr << "lapidary: " << error.what() << '\n';
    const std::string advice = error.advice().empty() ? "" : ". " + error.advice();
    return {{Problem::Severity::Error, error.node(), error.tensor(), error.message() + advice}};
  }
}

Json json_of(const std::vector<Problem>& problems) {
  bool ok = true;
  Json json = {{"ok", true}, {"problems", Json::array()}};
  for (const auto& problem : problems) {
    ok = ok && problem.severity != Problem::Severity::Error;
    json["problems"].push_back({{"severity", severity_name(problem.severity)},
                                {"node", problem.node},
                                {"tensor", problem.tensor},
                                {"message", problem.message}});
  }
  json["ok"] = ok;
  return json;
}

void print_problems(const std::vector<Problem>& problems) {
  for (const auto& problem : problems) {
    std::cout << severity_name(problem.severity) << ": ";
    if (!problem.node.empty()) std::cout << "node '" << problem.node << "': ";
    if (!problem.tensor.empty()) std::cout << "tensor '" << problem.tensor << "': ";
    std::cout << problem.message << '\n';
  }
}

}  // namespace

Json check_json(const LoadedModel& loaded) { return json_of(all_problems(loaded)); }

Action declare_check(CLI::App& app) {
  auto options = std::make_shared<ModelOptions>();
  options->declare(app);
  return [options](const Output& output) {
    const auto problems = problems_of(*options, output);
    const Json json = json_of(problems);
    const bool ok = json["ok"].get<bool>();
    if (output.json) {
      print_json(json);
    } else {
      print_problems(problems);
      std::cout << options->path << (ok ? ": valid" : ": not valid") << '\n';
    }
    return ok ? 0 : 1;
  };
}

}  // namespace lapidary::cli
