#include <algorithm>
#include <iostream>

#include "app/cli/model_options.h"
#include "app/cli/run_record.h"
#include "engine/compare/classes.h"
#include "engine/compare/difference.h"

namespace lapidary::cli {
namespace {

struct RunOnceOptions {
  RunCommandOptions run;
  std::string output_file, expected_file;
  bool keep_all = false;
  Tolerance tolerance{1e-3, 1e-5};
};

/// Of a sequence how many elements it has, of a map how many keys; `type` is the one inferred.
Json collection_json(const std::string& name, const Type& type, const Datum& datum) {
  Json json = {{"name", name}, {"type", type.is_known() ? to_string(type) : "other"}, {"shape", nullptr}};
  if (datum.is_sequence()) json["length"] = datum.sequence().size();
  if (const auto* map = std::get_if<std::shared_ptr<const MapDatum>>(&datum.value))
    json["length"] = (*map)->values.size();
  return json;
}

Json output_json(const std::string& name, const Type& type, const Datum& datum) {
  if (!datum.is_tensor()) return collection_json(name, type, datum);
  const Tensor& tensor = datum.tensor();
  Json json = value_json(name, tensor.full_type());
  const Summary summary = summarize(tensor);
  json["min"] = summary.minimum;
  json["max"] = summary.maximum;
  json["mean"] = summary.mean;
  json["nan"] = summary.nan;
  json["inf"] = summary.infinite;
  return json;
}

/// One entry for every expected output that differs.
Json find_mismatches(const RunOnceOptions& options, const std::vector<Value>& values,
                     const std::vector<Datum>& outputs) {
  std::vector<WantedData> wanted;
  for (const auto& value : values) wanted.push_back({value.name, value.type});
  Json mismatches = Json::array();
  for (const auto& [name, expected] : read_data(options.expected_file, wanted, "output")) {
    const auto found = std::find_if(values.begin(), values.end(),
                                    [&, &name = name](const Value& v) { return v.name == name; });
    if (found == values.end())
      throw Error("the model has no output '" + name + "'").file(options.expected_file);
    const Difference found_difference =
        difference(outputs[static_cast<std::size_t>(found - values.begin())], expected, options.tolerance);
    if (found_difference.equal) continue;
    mismatches.push_back({{"name", name},
                          {"count", found_difference.mismatches},
                          {"max_abs", found_difference.max_absolute},
                          {"max_rel", found_difference.max_relative},
                          {"message", found_difference.message}});
  }
  return mismatches;
}

void print_result(const Json& json) {
  std::cout << "backend " << json["backend"].get<std::string>() << ", load "
            << number(json["load_ms"].get<double>()) << " ms, compile "
            << number(json["compile_ms"].get<double>()) << " ms, run " << number(json["run_ms"].get<double>())
            << " ms\n";
  std::vector<std::vector<std::string>> rows = {{"output", "type", "min", "max", "mean", "NaN", "inf"}};
  for (const auto& output : json["outputs"]) {
    if (!output.contains("min")) {
      const std::string length = output.contains("length") ? " [" + output["length"].dump() + "]" : "";
      rows.push_back({output["name"].get<std::string>(), output["type"].get<std::string>() + length});
      continue;
    }
    rows.push_back({output["name"].get<std::string>(),
                    output["type"].get<std::string>() + " " + output["shape"].dump(),
                    number(output["min"].get<double>()), number(output["max"].get<double>()),
                    number(output["mean"].get<double>()), output["nan"].dump(), output["inf"].dump()});
  }
  print_table(rows);
}

/// For outputs that are scores of the labels beside the model: the most likely class of each row.
void print_classes(const std::string& model_path, const std::vector<Value>& values,
                   const std::vector<Datum>& outputs) {
  const auto labels = labels_beside(model_path);
  if (labels.empty()) return;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].is_tensor()) continue;
    const auto shape = class_shape(outputs[i].tensor());
    if (!shape || shape->classes != static_cast<std::int64_t>(labels.size())) continue;
    std::vector<std::vector<std::string>> rows = {{values[i].name, "class", "probability %"}};
    for (std::int64_t row = 0; row < shape->rows; ++row)
      for (const auto& best : top_classes(outputs[i].tensor(), row, 1))
        rows.push_back({std::to_string(row), labels[static_cast<std::size_t>(best.index)],
                        number(best.probability * 100)});
    std::cout << '\n';
    print_table(rows);
  }
}

int run_once(const RunOnceOptions& options, const Output& output) {
  PreparedRun prepared = prepare(options.run, output, options.keep_all);
  ProgressBar bar("running", output);
  RunOptions run;
  run.seed = options.run.seed;
  run.progress = [&](std::size_t done, std::size_t all) { bar.update(done, all); };
  const std::int64_t begin_ns = now_ns();
  const std::vector<Datum> outputs = prepared.run(run);
  const double run_ms = static_cast<double>(now_ns() - begin_ns) * 1e-6;
  const auto& values = prepared.program->outputs();
  if (!options.output_file.empty()) {
    NamedData data;
    for (std::size_t i = 0; i < outputs.size(); ++i) data.emplace_back(values[i].name, outputs[i]);
    write_data(options.output_file, data);
    if (options.keep_all) write_run_record(options.output_file, options.run, prepared);
  }
  Json json = {{"backend", options.run.backend},    {"load_ms", prepared.load_ms},
               {"compile_ms", prepared.compile_ms}, {"run_ms", run_ms},
               {"outputs", Json::array()},          {"mismatches", Json::array()}};
  const std::size_t shown =
      output.json ? outputs.size() : std::min(outputs.size(), prepared.loaded.model->graph->outputs.size());
  for (std::size_t i = 0; i < shown; ++i)
    json["outputs"].push_back(output_json(values[i].name, values[i].type, outputs[i]));
  if (!options.expected_file.empty()) json["mismatches"] = find_mismatches(options, values, outputs);
  output.json ? print_json(json) : print_result(json);
  if (!output.json) print_classes(options.run.model.path, values, outputs);
  for (const auto& mismatch : json["mismatches"])
    if (!output.quiet)
      std::cerr << "lapidary: " << options.run.model.path << ": output '"
                << mismatch["name"].get<std::string>() << "' " << mismatch["message"].get<std::string>()
                << '\n';
  return json["mismatches"].empty() ? 0 : 1;
}

}  // namespace

Action declare_run(CLI::App& app) {
  auto options = std::make_shared<RunOnceOptions>();
  options->run.declare(app);
  app.add_option("--outputs", options->output_file,
                 "Write the outputs: .npz, .safetensors, .json, .npy or .pb for one alone, or a folder "
                 "(of output_0.pb … if it is called test_data_set_N)");
  app.add_flag("--keep-all", options->keep_all,
               "Keep every intermediate tensor as an output too; what they are of stands beside them in "
               "FILE.run.json");
  app.add_option("--expect", options->expected_file,
                 "Compare the outputs with this file or folder; exit code 1 if they differ");
  app.add_option("--rtol", options->tolerance.relative, "Relative tolerance")->capture_default_str();
  app.add_option("--atol", options->tolerance.absolute, "Absolute tolerance")->capture_default_str();
  return [options](const Output& output) { return run_once(*options, output); };
}

}  // namespace lapidary::cli
