#include "app/cli/model_options.h"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <set>

#include "engine/analysis/dimension_name.h"
#include "engine/backends.h"
#include "engine/runtime/inputs.h"

namespace lapidary::cli {

void ModelOptions::declare(CLI::App& app) {
  app.add_option("MODEL", path,
                 "Model: .onnx, .onnxtxt, .textproto, .json, gzip or zip of one, or - for standard input")
      ->required();
  app.add_flag("--follow-links", follow_links, "Allow external data that is a symbolic link");
}

LoadedModel ModelOptions::load(const Output& output) const {
  LoadOptions options;
  options.follow_links = follow_links;
  LoadedModel loaded = load_model(path, options);
  if (!output.quiet)
    for (const auto& warning : loaded.warnings) std::cerr << "lapidary: " << path << ": " << warning << '\n';
  return loaded;
}

void RunCommandOptions::declare(CLI::App& app, const std::string& input_file_option) {
  model.declare(app);
  app.add_option("--input", inputs,
                 "NAME=SPEC for one input: random, zeros, ones or a number, with :SHAPE behind "
                 "(random:1x3x64x64), or a file: .npy, .npz, .pb, .safetensors, .json")
      ->type_name("NAME=SPEC");
  app.add_option(input_file_option, input_file,
                 "File or folder with all inputs: .npz, .safetensors, .json, a conformance folder");
  app.add_option("--dim", dimensions, "NAME=VALUE: a number for a free dimension")->type_name("NAME=VALUE");
  app.add_option("--seed", seed, "Seed of random data");
  app.add_option("--backend", backend, "What runs the model; see 'lapidary backends'")->capture_default_str();
  app.add_option("--threads", threads, "Threads (0: one for each core)")->check(CLI::NonNegativeNumber);
  app.add_flag("--float64", float64, "Backend 'reference': compute everything floating in float64");
  memory_limit.declare(app);
}

namespace {

std::pair<std::string, std::string> split_pair(const std::string& text, const char* option) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw Error(std::string(option) + " " + text + " is not of the form NAME=VALUE", Error::Kind::Usage);
  return {text.substr(0, equals), text.substr(equals + 1)};
}

std::map<std::string, std::int64_t> dimension_values(const std::vector<std::string>& options) {
  std::map<std::string, std::int64_t> values;
  for (const auto& option : options) {
    const auto [name, value] = split_pair(option, "--dim");
    try {
      std::size_t used = 0;
      values[name] = std::stoll(value, &used);
      if (used != value.size() || values[name] < 0) throw std::invalid_argument(value);
    } catch (const std::exception&) {
      throw Error("--dim " + option + " has no whole number behind '='", Error::Kind::Usage);
    }
  }
  return values;
}

/// A file called like a word must be named with its folder: ./random.
bool is_file(const std::string& specification) {
  std::error_code error;
  return !is_made_up(specification) && std::filesystem::exists(specification, error);
}

std::string names_of(const std::vector<Value>& values) {
  std::string names;
  for (const auto& value : values) names += (names.empty() ? "" : ", ") + value.name;
  return names;
}

/// Refuses numbers for dimensions that no input has.
void check_dimension_names(const std::map<std::string, std::int64_t>& given, const std::vector<Value>& inputs,
                           const std::string& model) {
  std::set<std::string> names;
  for (const auto& input : inputs)
    for (std::size_t axis = 0; input.type.shape && axis < input.type.shape->size(); ++axis) {
      const Dimension& size = (*input.type.shape)[axis];
      if (!size.is_known()) names.insert(dimension_name(input, axis));
      for (const auto& symbol : size.symbols()) names.insert(symbol);
    }
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
  for (const auto& [name, value] : given)
    if (!names.contains(name))
      throw Error("the model's inputs have no free dimension '" + name + "'", Error::Kind::Usage)
          .file(model)
          .advice(list.empty() ? "All their sizes are fixed" : "Their free dimensions are: " + list);
}

std::size_t index_of(const std::vector<Value>& values, const std::string& name, const std::string& model) {
  const auto found =
      std::find_if(values.begin(), values.end(), [&](const Value& v) { return v.name == name; });
  if (found == values.end())
    throw Error("the model has no input '" + name + "'", Error::Kind::Usage)
        .file(model)
        .advice("Its inputs are: " + names_of(values));
  return static_cast<std::size_t>(found - values.begin());
}

/// Data for every input: from --inputs, then --input, else random; those with an initializer only if they are
/// asked for.
std::vector<Datum> gather_inputs(const RunCommandOptions& options, const Model& model,
                                 const std::vector<Value>& wanted) {
  std::vector<Datum> data(wanted.size());
  if (!options.input_file.empty()) {
    // Files of a folder are numbered as the graph lists its inputs, those with an initializer included.
    const bool numbered = std::filesystem::is_directory(options.input_file);
    std::vector<WantedData> names;
    for (const auto& value : numbered ? model.graph->inputs : wanted)
      names.push_back({value.name, value.type});
    for (auto& [name, datum] : read_data(options.input_file, names))
      data[index_of(wanted, name, options.model.path)] = std::move(datum);
  }
  const auto dimensions = dimension_values(options.dimensions);
  check_dimension_names(dimensions, wanted, options.model.path);
  for (const auto& option : options.inputs) {
    const auto [name, specification] = split_pair(option, "--input");
    const std::size_t index = index_of(wanted, name, options.model.path);
    data[index] = is_file(specification)
                      ? read_value(specification, {name, wanted[index].type})
                      : Datum(make_input(wanted[index], specification, dimensions, options.seed));
  }
  std::size_t optional_from = wanted.size();
  for (std::size_t i = 0; i < wanted.size(); ++i)
    for (const auto& tensor : model.graph->initializers)
      if (tensor->name == wanted[i].name) optional_from = std::min(optional_from, i);
  for (std::size_t i = 0; i < optional_from; ++i)
    if (!data[i].is_present() && options.input_file.empty() && wanted[i].type.kind != Type::Kind::Optional)
      data[i] = make_input(wanted[i], "random", dimensions, options.seed);
  return data;
}

}  // namespace

PreparedRun load_with_inputs(const RunCommandOptions& options, const Output& output) {
  PreparedRun run;
  run.memory = limit_memory(options.memory_limit.bytes());
  const std::int64_t start_ns = now_ns();
  run.loaded = options.model.load(output);
  run.load_ms = static_cast<double>(now_ns() - start_ns) * 1e-6;
  try {
    run.inputs = gather_inputs(options, *run.loaded.model, required_inputs(*run.loaded.model));
  } catch (Error& error) {
    error.file(options.model.path);
    throw;
  }
  return run;
}

const Backend& available_backend(const std::string& name) {
  const Backend& backend = find_backend(name);
  if (const Availability state = backend.availability(); !state.available)
    throw Error("backend '" + backend.name + "' cannot be used: " + state.reason, Error::Kind::Machine);
  return backend;
}

PreparedRun prepare(const RunCommandOptions& options, const Output& output, bool keep_intermediates) {
  available_backend(options.backend);
  PreparedRun run = load_with_inputs(options, output);
  compile(run, options, keep_intermediates);
  return run;
}

void compile(PreparedRun& run, const RunCommandOptions& options, bool keep_intermediates) {
  const Backend& backend = available_backend(options.backend);
  try {
    const auto wanted = required_inputs(*run.loaded.model);
    CompileOptions compile;
    compile.threads = options.threads;
    compile.keep_intermediates = keep_intermediates;
    compile.float64 = options.float64;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (run.inputs[i].is_tensor()) compile.input_dims[wanted[i].name] = run.inputs[i].tensor().dims();
    const std::int64_t compile_ns = now_ns();
    run.program = backend.compile(run.loaded.model, compile);
    run.compile_ms = static_cast<double>(now_ns() - compile_ns) * 1e-6;
  } catch (Error& error) {
    error.file(options.model.path);
    throw;
  }
}

std::vector<Datum> PreparedRun::run(const RunOptions& options) {
  try {
    return program->run(inputs, options);
  } catch (Error& error) {
    error.file(loaded.path);
    throw;
  }
}

std::int64_t peak_rss_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

Json value_json(const std::string& name, const Type& type) {
  Json json = {{"name", name}};
  json["type"] = type.is_tensor() ? std::string(name_of(type.element)) : constraint_text(type);
  if (!type.shape) {
    json["shape"] = nullptr;
    return json;
  }
  json["shape"] = Json::array();
  for (const auto& dimension : *type.shape)
    json["shape"].push_back(dimension.is_constant() ? Json(dimension.value()) : Json(dimension.to_string()));
  return json;
}

}  // namespace lapidary::cli
