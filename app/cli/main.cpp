#include <csignal>
#include <cstdlib>
#include <iostream>
#include <new>

#include "app/cli/command.h"
#include "engine/backends.h"
#include "engine/model/error.h"

namespace lapidary::cli {

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {
      {"info", "Say what a model is: inputs, outputs, operators, sizes, cost", declare_info},
      {"check", "Validate a model: graph, names, types, shapes, order", declare_check},
      {"run", "Run a model once on given or made-up data", declare_run},
      {"bench", "Repeat and time whole runs", declare_bench},
      {"profile", "Time every operator, and write a trace that Perfetto opens", declare_profile},
      {"render", "Draw the graph as SVG, PNG, PDF, DOT or JSON", declare_render},
      {"convert", "Change a model's format, operator set, precision, sizes or where its weights lie",
       declare_convert},
      {"edit", "Change a model by a script of named edits", declare_edit},
      {"extract", "Cut a part of a model out as a model of its own", declare_extract},
      {"compose", "Put two models together: one's outputs into the other's inputs", declare_compose},
      {"diff", "Say in what two models differ: nodes, attributes, weights", declare_diff},
      {"compare", "Find where the numbers of two runs part: backends, models, files", declare_compare},
      {"report", "Write one page about a model: picture, checks, cost, profile, optimization",
       declare_report},
      {"optimize", "Rewrite a model to a smaller one that computes the same", declare_optimize},
      {"conformance", "Run ONNX backend test folders, each in isolation", declare_conformance},
      {"backends", "List what can run models here", declare_backends},
      {"ops", "List the operators that are known, or explain one of them", declare_ops},
  };
  return all;
}

namespace {

int run_command_line(int argc, char** argv) {
  CLI::App app("Lapidary: open, run, time and compare ONNX models", "lapidary");
  app.set_version_flag("--version", "lapidary " LAPIDARY_VERSION);
  app.require_subcommand(1);
  Output output;
  std::vector<std::pair<CLI::App*, Action>> actions;
  for (const auto& command : commands()) {
    CLI::App* sub = app.add_subcommand(command.name, command.description);
    sub->add_flag("--json", output.json, "Print one JSON document on standard output");
    sub->add_flag("--quiet", output.quiet, "No progress and no messages on standard error");
    actions.emplace_back(sub, command.declare(*sub));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  for (const auto& [sub, action] : actions)
    if (sub->parsed()) return action(output);
  return 2;
}

}  // namespace
}  // namespace lapidary::cli

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    lapidary::load_plugins();
    const int code = lapidary::cli::run_command_line(argc, argv);
    std::cout.flush();
    return std::cout ? code : 3;
  } catch (const lapidary::Error& error) {
    std::cerr << "lapidary: " << error.what() << '\n';
    return static_cast<int>(error.kind());
  } catch (const std::bad_alloc&) {
    std::cerr << "lapidary: there is not enough memory for this. Close other programs, or use a smaller "
                 "model or input\n";
    return 3;
  } catch (const std::exception& error) {
    std::cerr << "lapidary: " << error.what() << '\n';
    return 3;
  }
}
