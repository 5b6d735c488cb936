#include <algorithm>
#include <filesystem>
#include <iostream>

#include "app/cli/edited_model.h"

namespace lapidary::cli {
namespace {

struct ExtractOptions {
  RunCommandOptions run;  ///< for --record
  std::string out, record;
  std::vector<std::string> inputs, outputs, nodes;
};

EditStep step_of(const ExtractOptions& options) {
  EditStep step{"extract"};
  if (!options.inputs.empty()) step.parameters["inputs"] = options.inputs;
  if (!options.outputs.empty()) step.parameters["outputs"] = options.outputs;
  if (!options.nodes.empty()) step.parameters["nodes"] = options.nodes;
  return step;
}

/// Runs the whole model, and writes what the part was given and what it made as a test of ONNX's form: the
/// model, test_data_set_0/input_0.pb …, output_0.pb ….
void record(const ExtractOptions& options, const ModelPointer& part, const Output& output) {
  namespace filesystem = std::filesystem;
  PreparedRun prepared = prepare(options.run, output, true);
  RunOptions run;
  run.seed = options.run.seed;
  const std::vector<Datum> data = prepared.run(run);
  const auto named = [&](const std::string& name) -> Datum {
    const std::pair<const std::vector<Value>&, const std::vector<Datum>&> places[] = {
        {prepared.program->inputs(), prepared.inputs}, {prepared.program->outputs(), data}};
    for (const auto& [values, given] : places)
      for (std::size_t i = 0; i < values.size() && i < given.size(); ++i)
        if (values[i].name == name && given[i].is_present()) return given[i];
    throw Error("the run did not make this tensor, so that it cannot be recorded").tensor(name);
  };
  const filesystem::path folder = filesystem::path(options.record) / "test_data_set_0";
  std::error_code failure;
  filesystem::create_directories(folder, failure);
  if (failure) throw Error(failure.message(), Error::Kind::Machine).file(folder.string());
  const auto write = [&](const std::string& prefix, const std::vector<Value>& values) {
    for (std::size_t i = 0; i < values.size(); ++i)
      write_datum((folder / (prefix + "_" + std::to_string(i) + ".pb")).string(), values[i].name,
                  named(values[i].name));
  };
  write("input", required_inputs(*part));
  write("output", part->graph->outputs);
  const std::string model = (filesystem::path(options.record) / "model.onnx").string();
  save_model(*part, model, save_options_for(model));
}

int extract(const ExtractOptions& options, const Output& output) {
  if (options.outputs.empty() == options.nodes.empty())
    throw Error("extract needs --outputs or --nodes, and not both", Error::Kind::Usage);
  const LoadedModel loaded = options.run.model.load(output);
  ModelPointer part;
  try {
    part = apply_step(loaded.model, step_of(options));
  } catch (Error& error) {
    throw error.file(options.run.model.path);
  }
  const SaveResult saved = save_model(*part, options.out, save_options_for(options.out));
  if (!options.record.empty()) record(options, part, output);
  if (!output.quiet)
    for (const auto& message : saved.messages)
      std::cerr << "lapidary: " << options.out << ": " << message << '\n';
  Json json = {{"nodes", part->graph->nodes.size()}, {"inputs", Json::array()}, {"outputs", Json::array()}};
  for (const Value& input : part->graph->inputs) json["inputs"].push_back(value_json(input.name, input.type));
  for (const Value& value : part->graph->outputs)
    json["outputs"].push_back(value_json(value.name, value.type));
  if (output.json)
    print_json(json);
  else
    std::cout << options.out << ": " << part->graph->nodes.size() << " of "
              << loaded.model->graph->nodes.size() << " nodes\n";
  return 0;
}

}  // namespace

Action declare_extract(CLI::App& app) {
  auto options = std::make_shared<ExtractOptions>();
  // --inputs names tensors here; the data of a recorded run comes by --input and --input-data.
  options->run.declare(app, "--input-data");
  app.add_option("-o,--output", options->out, "Where the part goes")->required();
  app.add_option("--inputs", options->inputs, "Tensors where the part begins; left out: the model's inputs")
      ->delimiter(',');
  app.add_option("--outputs", options->outputs, "Tensors where it ends")->delimiter(',');
  app.add_option("--nodes", options->nodes, "The part's nodes by name, in the place of tensors")
      ->delimiter(',');
  app.add_option("--record", options->record,
                 "Folder for a test of ONNX's form: the part, and what a run of the whole model gives it and "
                 "gets from it");
  return [options](const Output& output) { return extract(*options, output); };
}

}  // namespace lapidary::cli
