#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

#include "app/cli/compare_reports.h"
#include "app/cli/model_options.h"
#include "app/cli/run_record.h"
#include "engine/backends.h"
#include "engine/compare/bisection.h"
#include "engine/compare/shrink.h"
#include "engine/io/atomic_file.h"
#include "engine/precision/convert_precision.h"

namespace lapidary::cli {
namespace {

struct CompareOptions {
  RunCommandOptions run;
  std::string second_model, against, shrink_folder;
  std::string tolerance_file, suggested_file, junit_file, html_file;
  double tolerance = Tolerances().relative;
  int repeats = 1;
  bool all = false, bisect = false;
};

/// JSON has no infinity: null.
Json finite(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json tensor_json(const ComparedTensor& tensor) {
  Json json = {{"name", tensor.pair.a}, {"node", tensor.node}, {"op", tensor.op_type}};
  if (tensor.pair.b != tensor.pair.a) json["other_name"] = tensor.pair.b;
  const TensorMetrics found = tensor.metrics.value_or(TensorMetrics());
  const auto metric = [&](const char* name, double value) {
    json[name] = tensor.metrics ? finite(value) : Json(nullptr);
  };
  metric("max_abs", found.max_absolute);
  metric("mean_abs", found.mean_absolute);
  metric("max_rel", found.max_relative);
  metric("rmse", found.rmse);
  metric("cosine", found.cosine);
  metric("snr_db", found.snr_db);
  metric("ulp_median", found.ulp_median);
  metric("ulp_p99", found.ulp_p99);
  json["nan"] = found.nan;
  json["inf"] = found.infinite;
  json["not_finite_on_one_side"] = found.not_finite_on_one_side;
  if (found.top_1_agreement) json["top_1"] = *found.top_1_agreement, json["top_5"] = *found.top_5_agreement;
  json["ok"] = tensor.ok;
  json["local_max_abs"] = tensor.local ? finite(tensor.local->max_absolute) : Json(nullptr);
  json["amplification"] = tensor.amplification ? finite(*tensor.amplification) : Json(nullptr);
  json["aligned"] = {{"reason", tensor.pair.reason}, {"score", tensor.pair.score}};
  json["worst"] = Json::array();
  for (const ElementPair& one : found.worst)
    json["worst"].push_back({{"index", one.index}, {"got", finite(one.got)}, {"want", finite(one.want)}});
  json["error_histogram"] = found.error_histogram;
  if (!tensor.problem.empty()) json["problem"] = tensor.problem;
  return json;
}

Json divergence_json(const Divergence& first) {
  Json json = {{"node", first.node},
               {"op", first.op_type},
               {"tensor", first.tensor},
               {"metric", first.metric},
               {"value", finite(first.value)},
               {"local", first.is_local},
               {"inputs_max_abs", finite(first.inputs_max_absolute)}};
  if (first.worst)
    json["worst"] = {{"index", first.worst->index},
                     {"got", finite(first.worst->got)},
                     {"want", finite(first.worst->want)}};
  if (!first.problem.empty()) json["problem"] = first.problem;
  if (first.nearer) json["nearer_to_float64"] = *first.nearer;
  json["reasons"] = Json::array();
  for (const auto& reason : first.reasons) json["reasons"].push_back(reason);
  return json;
}

Json comparison_json(const RunComparison& found) {
  Json json = {{"tensors", Json::array()}};
  for (const auto& tensor : found.tensors) json["tensors"].push_back(tensor_json(tensor));
  json["first_divergence"] =
      found.first_divergence ? divergence_json(*found.first_divergence) : Json(nullptr);
  json["local_divergences"] = found.local_divergences;
  json["only_in_first"] = found.only_a;
  json["only_in_second"] = found.only_b;
  json["problems"] = found.problems;
  json["ok"] = found.ok();
  return json;
}

std::string metric_text(const std::optional<TensorMetrics>& metrics, double TensorMetrics::*field) {
  return metrics ? number((*metrics).*field) : "-";
}

void print_tensors(const RunComparison& found, bool all) {
  std::vector<std::vector<std::string>> rows = {
      {"tensor", "node", "max abs", "max rel", "rmse", "cosine", "SNR dB", "ULP p99", "own error", "×", ""}};
  for (const auto& tensor : found.tensors) {
    if (!all && tensor.ok) continue;
    const auto& metrics = tensor.metrics;
    rows.push_back({tensor.pair.a, tensor.node, metric_text(metrics, &TensorMetrics::max_absolute),
                    metric_text(metrics, &TensorMetrics::max_relative),
                    metric_text(metrics, &TensorMetrics::rmse), metric_text(metrics, &TensorMetrics::cosine),
                    metric_text(metrics, &TensorMetrics::snr_db),
                    metric_text(metrics, &TensorMetrics::ulp_p99),
                    metric_text(tensor.local, &TensorMetrics::max_absolute),
                    tensor.amplification ? number(*tensor.amplification) : "-",
                    tensor.local_parts       ? "parts here"
                    : tensor.ok              ? ""
                    : tensor.problem.empty() ? "off"
                                             : tensor.problem});
  }
  if (rows.size() > 1) print_table(rows);
}

void print_divergence(const Divergence& first) {
  std::cout << "first divergence: node '" << first.node << "' (" << first.op_type << "), tensor '"
            << first.tensor << "', " << first.metric << " " << number(first.value) << '\n';
  if (!first.problem.empty()) std::cout << "  it " << first.problem << '\n';
  if (first.worst)
    std::cout << "  element " << first.worst->index << ": " << number(first.worst->got) << " and not "
              << number(first.worst->want) << '\n';
  std::cout << "  its inputs agree within " << number(first.inputs_max_absolute)
            << (first.is_local ? ", and it was run by itself on the same inputs\n"
                               : "; no operator by itself is at fault\n");
  for (const auto& reason : first.reasons) std::cout << "  likely because: " << reason << '\n';
  if (first.nearer) std::cout << "  nearer to float64: " << *first.nearer << '\n';
}

void print_comparison(const RunComparison& found, bool all) {
  print_tensors(found, all);
  std::size_t good = 0;
  for (const auto& tensor : found.tensors) good += tensor.ok ? 1 : 0;
  std::cout << found.tensors.size() << " tensors compared, " << good << " agree; without counterpart "
            << found.only_a.size() << " of the first and " << found.only_b.size() << " of the second\n";
  for (const auto& problem : found.problems) std::cout << problem << '\n';
  if (found.first_divergence) print_divergence(*found.first_divergence);
}

/// A model on a backend, perhaps in another precision: "cpu", "reference:float64", "cpu:fp16".
ComparedRun runnable(const std::string& specification, ModelPointer model, const RunCommandOptions& options) {
  const auto colon = specification.find(':');
  const std::string precision = colon == std::string::npos ? "" : specification.substr(colon + 1);
  ComparedRun run;
  run.name = specification;
  run.model = std::move(model);
  run.runner.backend = &available_backend(specification.substr(0, colon));
  run.runner.threads = options.threads;
  run.runner.seed = options.seed;
  const std::map<std::string, DataType> types = {
      {"fp16", DataType::Float16}, {"bf16", DataType::BFloat16}, {"fp32", DataType::Float32}};
  if (precision == "float64") {
    run.runner.float64 = true;
  } else if (const auto type = types.find(precision); type != types.end()) {
    PrecisionOptions wanted;
    wanted.target = type->second;
    wanted.keep_io = true;
    run.model = convert_precision(run.model, wanted).model;
  } else if (!precision.empty()) {
    throw Error("'" + precision + "' is no precision", Error::Kind::Usage)
        .advice("Say float64, fp32, fp16 or bf16 behind the backend's name");
  }
  return run;
}

ComparedRun source(const std::string& specification, const ModelPointer& model,
                   const RunCommandOptions& options) {
  std::error_code error;
  return std::filesystem::exists(specification, error) ? recorded_run(specification, model)
                                                       : runnable(specification, model, options);
}

/// A source without the precision that the models of a part already have.
std::string backend_of(const std::string& source) {
  return source.ends_with(":float64") ? source : source.substr(0, source.find(':'));
}

/// The part by itself as files: models, inputs, what a file held of it, and the command that shows it again.
Json write_shrunk(const std::string& folder, const ShrunkDivergence& shrunk, const std::string& backend,
                  const std::string& against) {
  namespace filesystem = std::filesystem;
  std::error_code failure;
  filesystem::create_directories(folder, failure);
  if (failure) throw Error(failure.message(), Error::Kind::Machine).file(folder);
  const auto path = [&](const char* name) { return (filesystem::path(folder) / name).string(); };
  save_model(*shrunk.a.model, path("model.onnx"), save_options_for("model.onnx"));
  std::string command = "lapidary compare model.onnx";
  const bool has_second = shrunk.b.model->graph != shrunk.a.model->graph && !shrunk.b.is_recorded();
  if (has_second) {
    save_model(*shrunk.b.model, path("model2.onnx"), save_options_for("model2.onnx"));
    command += " model2.onnx";
  }
  if (!shrunk.inputs.empty()) {
    write_data(path("inputs.npz"), NamedData(shrunk.inputs.begin(), shrunk.inputs.end()));
    command += " --inputs inputs.npz";
  }
  if (shrunk.b.is_recorded())
    write_data(path("outputs.npz"), NamedData(shrunk.b.recorded.begin(), shrunk.b.recorded.end()));
  command += " --backend " + backend + " --against " + (shrunk.b.is_recorded() ? "outputs.npz" : against);
  AtomicFile file(path("command.txt"));
  file.write("# In this folder:\n" + command + "\n");
  file.commit();
  return {{"folder", folder}, {"nodes", shrunk.node_count}, {"command", command}};
}

void write_text(const std::string& path, const std::string& text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

Tolerances tolerances_of(const CompareOptions& options) {
  Tolerances tolerances;
  tolerances.relative = options.tolerance;
  if (options.tolerance_file.empty()) return tolerances;
  std::ifstream file(options.tolerance_file);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  if (!file) throw Error("cannot be read", Error::Kind::Machine).file(options.tolerance_file);
  try {
    tolerances.rules = read_tolerances(text);
  } catch (Error& error) {
    throw error.file(options.tolerance_file);
  }
  return tolerances;
}

/// A rule for each tensor: eight times what float32 is off from float64 here, and a few roundings.
std::string suggested_tolerances(const ModelPointer& model, const Values& inputs,
                                 const ComparisonOptions& comparison) {
  ComparedRun single, exact;
  single.name = "float32";
  exact.name = "float64";
  single.model = exact.model = model;
  exact.runner = single.runner = comparison.exact;
  single.runner.float64 = false;
  constexpr double margin = 8, roundings = 32;
  std::string text = "[";
  for (const auto& tensor : compare_runs(single, exact, inputs, comparison).tensors)
    if (tensor.metrics)
      text +=
          (text.size() > 1 ? ",\n " : "\n ") +
          tolerance_rule_text(
              tensor.pair.a,
              margin * tensor.metrics->relative_to_scale() + roundings * epsilon_of(DataType::Float32), 0);
  return text + "\n]\n";
}

/// Tensors that differ between runs of one source.
Json find_nondeterminism(const ComparedRun& run, const Values& inputs, const ComparisonOptions& comparison,
                         int repeats) {
  Json list = Json::array();
  std::set<std::string> named;
  for (int repeat = 1; repeat < repeats; ++repeat)
    for (const auto& tensor : compare_runs(run, run, inputs, comparison).tensors)
      if (tensor.metrics && !tensor.metrics->identical && named.insert(tensor.pair.a).second)
        list.push_back({{"name", tensor.pair.a},
                        {"node", tensor.node},
                        {"max_abs", finite(tensor.metrics->max_absolute)}});
  return list;
}

void print_nondeterminism(const Json& list) {
  if (list.empty()) std::cout << "all runs gave the same, bit for bit\n";
  for (const auto& tensor : list)
    std::cout << "differs from run to run: tensor '" << tensor["name"].get<std::string>() << "' of node '"
              << tensor["node"].get<std::string>() << "'\n";
}

int bisect_runs(const ComparedRun& a, const ComparedRun& b, const Values& inputs,
                const ComparisonOptions& comparison, const Output& output) {
  const auto found = bisect(a, b, inputs, comparison);
  Json json = {{"first_divergence", nullptr}, {"ok", !found}};
  if (found)
    json["first_divergence"] = {{"node", found->node},
                                {"op", found->op_type},
                                {"tensor", found->tensor},
                                {"metric", "max_abs"},
                                {"value", finite(found->max_absolute)},
                                {"runs", found->runs}};
  if (output.json)
    print_json(json);
  else if (found)
    std::cout << "first divergence after node '" << found->node << "' (" << found->op_type << "), at tensor '"
              << found->tensor << "', max_abs " << number(found->max_absolute) << ", found in " << found->runs
              << " runs of each\n";
  else
    std::cout << "the outputs agree\n";
  return found ? 1 : 0;
}

int compare(CompareOptions options, const Output& output) {
  if (options.run.float64) options.run.backend += ":float64";
  if (options.against.empty())
    options.against = options.second_model.empty() ? "reference" : options.run.backend;
  PreparedRun prepared = load_with_inputs(options.run, output);
  LoadedModel second = prepared.loaded;
  if (!options.second_model.empty())
    second = ModelOptions{options.second_model, options.run.model.follow_links}.load(output);
  Values inputs;
  const auto wanted = required_inputs(*prepared.loaded.model);
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (prepared.inputs[i].is_present()) inputs[wanted[i].name] = prepared.inputs[i];
  const ComparedRun a = source(options.run.backend, prepared.loaded.model, options.run);
  const ComparedRun b = source(options.against, second.model, options.run);
  ComparisonOptions comparison;
  comparison.tolerances = tolerances_of(options);
  // The rest is for weights, for what the backends make of them, and for operators run by themselves.
  constexpr std::int64_t share_of_values = 4;
  comparison.memory_bytes = options.run.memory_limit.bytes() / share_of_values;
  comparison.exact.backend = &find_backend("reference");
  comparison.exact.float64 = true;
  comparison.exact.seed = options.run.seed;
  ProgressBar bar("comparing", output);
  comparison.progress = [&](std::size_t done, std::size_t all) { bar.update(done, all); };
  const std::vector<std::string> notices =
      b.is_recorded() ? differences_from_record(options.against, options.run, prepared)
                      : std::vector<std::string>();
  for (const auto& notice : notices)
    if (!output.quiet) std::cerr << "lapidary: " << options.against << ": " << notice << '\n';
  if (options.bisect) return bisect_runs(a, b, inputs, comparison, output);
  const RunComparison found = compare_runs(a, b, inputs, comparison);
  Json json = comparison_json(found);
  json["notices"] = notices;
  if (!options.shrink_folder.empty()) {
    const auto shrunk = shrink(a, b, inputs, found, comparison);
    json["shrunk"] = shrunk ? write_shrunk(options.shrink_folder, *shrunk, backend_of(options.run.backend),
                                           backend_of(options.against))
                            : Json(nullptr);
  }
  if (options.repeats > 1)
    json["nondeterministic"] = find_nondeterminism(a, inputs, comparison, options.repeats);
  if (!options.suggested_file.empty())
    write_text(options.suggested_file, suggested_tolerances(prepared.loaded.model, inputs, comparison));
  const std::string title = a.name + " against " + b.name + ": " + options.run.model.path;
  if (!options.junit_file.empty()) write_text(options.junit_file, compare_junit(json, title));
  if (!options.html_file.empty()) write_text(options.html_file, compare_page(json, title));
  output.json ? print_json(json) : print_comparison(found, options.all);
  if (!output.json && json.contains("nondeterministic")) print_nondeterminism(json["nondeterministic"]);
  if (!output.json && json.contains("shrunk"))
    std::cout << (json["shrunk"].is_null()
                      ? "nothing to shrink: no operator by itself shows it"
                      : "shrunk to " + json["shrunk"]["nodes"].dump() + " nodes in " + options.shrink_folder +
                            ": " + json["shrunk"]["command"].get<std::string>())
              << '\n';
  const bool is_repeatable = !json.contains("nondeterministic") || json["nondeterministic"].empty();
  return found.ok() && is_repeatable ? 0 : 1;
}

}  // namespace

Action declare_compare(CLI::App& app) {
  auto options = std::make_shared<CompareOptions>();
  options->run.declare(app);
  app.add_option("MODEL2", options->second_model,
                 "Another model, such as the same one optimized or quantized");
  app.add_option(
      "--against", options->against,
      "What to hold the first run against: a backend, perhaps with a precision behind "
      "(reference:float64, cpu:fp16), or a file or folder of tensors by name; left out: the same backend "
      "with MODEL2, else reference");
  app.add_option("--tolerance", options->tolerance,
                 "How far a tensor may be off, relative to its largest element")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  app.add_option(
         "--tolerances", options->tolerance_file,
         "JSON list of rules, of which the first that fits counts: [{\"tensor\": PATTERN, \"op\": TYPE, "
         "\"type\": \"float16\", \"relative\": R, \"absolute\": A}]")
      ->check(CLI::ExistingFile);
  app.add_option("--suggest-tolerances", options->suggested_file,
                 "Write rules for every tensor, from running the model in float32 and in float64");
  app.add_flag(
      "--bisect", options->bisect,
      "Keep nothing in between: run again and again with chosen values as outputs, and halve the place");
  app.add_option("--repeat", options->repeats,
                 "Run the first N times, and name tensors that differ from run to run")
      ->check(CLI::PositiveNumber);
  app.add_option("--junit", options->junit_file, "Write the result as JUnit XML");
  app.add_option("--html", options->html_file, "Write the result as a page");
  app.add_option(
      "--shrink", options->shrink_folder,
      "Write the first divergence by itself into this folder: models of the few operators that part, the "
      "smallest inputs that show it, and the command");
  app.add_flag("--all", options->all, "Show all tensors, not only those that are off");
  return [options](const Output& output) { return compare(*options, output); };
}

}  // namespace lapidary::cli
