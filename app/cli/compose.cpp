#include <iostream>

#include "app/cli/edited_model.h"

namespace lapidary::cli {
namespace {

struct ComposeOptions {
  ModelOptions first;
  std::string second, out, prefix;
  std::vector<std::string> connections;  ///< OUTPUT=INPUT
  bool keep_outputs = false;
};

/// Without connections, outputs and inputs of the same name belong together; where there is only one of each,
/// they do.
EditJson connections_of(const ComposeOptions& options, const Model& first, const Model& second) {
  EditJson connections = EditJson::object();
  for (const std::string& option : options.connections) {
    const auto equals = option.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == option.size())
      throw Error("--connect " + option + " is not of the form OUTPUT=INPUT", Error::Kind::Usage);
    connections[option.substr(0, equals)] = option.substr(equals + 1);
  }
  if (!connections.empty()) return connections;
  const std::vector<Value> inputs = required_inputs(second);
  for (const Value& output : first.graph->outputs)
    for (const Value& input : inputs)
      if (output.name == input.name) connections[output.name] = input.name;
  if (connections.empty() && first.graph->outputs.size() == 1 && inputs.size() == 1)
    connections[first.graph->outputs[0].name] = inputs[0].name;
  if (connections.empty())
    throw Error("no output of the first model is called like an input of the second", Error::Kind::Usage)
        .advice("Say which belong together: --connect OUTPUT=INPUT");
  return connections;
}

int compose(const ComposeOptions& options, const Output& output) {
  const LoadedModel first = options.first.load(output);
  const LoadedModel second = ModelOptions{options.second, options.first.follow_links}.load(output);
  EditStep step{"merge_models", {{"model", {{"file", options.second}}}}};
  step.parameters["connect"] = connections_of(options, *first.model, *second.model);
  if (!options.prefix.empty()) step.parameters["prefix"] = options.prefix;
  step.parameters["keep_outputs"] = options.keep_outputs;
  const Json json = save_edited(options.first, {step}, options.out, output);
  print_before_and_after(options.out, json, output);
  return 0;
}

}  // namespace

Action declare_compose(CLI::App& app) {
  auto options = std::make_shared<ComposeOptions>();
  options->first.declare(app);
  app.add_option("MODEL2", options->second, "The model that goes behind")->required();
  app.add_option("-o,--output", options->out, "Where the result goes")->required();
  app.add_option(
         "--connect", options->connections,
         "OUTPUT=INPUT: an output of the first into an input of the second; can be given several times. "
         "Without: those of the same name")
      ->type_name("OUTPUT=INPUT");
  app.add_option("--prefix", options->prefix, "What the second model's names shall begin with");
  app.add_flag("--keep-outputs", options->keep_outputs, "Connected outputs stay outputs");
  return [options](const Output& output) { return compose(*options, output); };
}

}  // namespace lapidary::cli
