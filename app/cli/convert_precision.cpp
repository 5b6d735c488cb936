#include "app/cli/convert_precision.h"

#include <cmath>
#include <iostream>

#include "engine/backends.h"
#include "engine/precision/error_target.h"
#include "engine/precision/quantize_dynamic.h"
#include "engine/precision/quantize_static.h"
#include "engine/precision/quantize_weights_only.h"
#include "engine/precision/speed.h"
#include "engine/precision/unfit_nodes.h"

namespace lapidary::cli {
namespace {

struct PrecisionCommandOptions {
  std::string precision, quantize;
  bool keep_io = false;
  std::vector<std::string> blocked_operators, blocked_nodes, excluded;
  std::string calibrate;
  std::string method = "minmax";
  double percentile = 99.99, target_error = 0;
  bool symmetric = false, per_tensor = false;
  std::int64_t block_size = 32;
  std::vector<std::string> domains;

  bool is_asked_for() const { return !precision.empty() || !quantize.empty(); }
};

constexpr int made_up_sets = 3;

DataType target_of(const std::string& precision) {
  return precision == "fp16"   ? DataType::Float16
         : precision == "bf16" ? DataType::BFloat16
                               : DataType::Float32;
}

CalibrationMethod method_of(const std::string& name) {
  return name == "entropy"      ? CalibrationMethod::Entropy
         : name == "percentile" ? CalibrationMethod::Percentile
                                : CalibrationMethod::MinMax;
}

void check_usage(const PrecisionCommandOptions& options) {
  if (!options.precision.empty() && !options.quantize.empty())
    throw Error("--precision and --quantize exclude each other", Error::Kind::Usage);
  if (options.precision.empty() &&
      (options.keep_io || !options.blocked_operators.empty() || !options.blocked_nodes.empty()))
    throw Error("--keep-io, --block-op and --block-node need --precision", Error::Kind::Usage);
  if (options.quantize.empty() && !options.excluded.empty())
    throw Error("--exclude needs --quantize", Error::Kind::Usage);
  if (!options.is_asked_for() && (!options.calibrate.empty() || options.target_error > 0))
    throw Error("--calibrate and --target-error need --precision or --quantize", Error::Kind::Usage);
}

/// A name that is an operator of the model is one, any other means nodes.
NodeSelection excluded_nodes(const Model& model, const std::vector<std::string>& excluded) {
  std::vector<std::string> operators, names;
  for (const auto& name : excluded) {
    try {
      NodeSelection(model, {name}, {});
      operators.push_back(name);
    } catch (const Error&) {
      names.push_back(name);
    }
  }
  return NodeSelection(model, operators, names);
}

/// One conversion: what it starts from, and how it is made with some nodes left as they are.
struct Conversion {
  ModelPointer base;
  Convert convert;
};

Conversion precision_conversion(const PrecisionCommandOptions& options, const ModelPointer& model,
                                const InputSets& sets, const Output& output) {
  PrecisionOptions precision;
  precision.target = target_of(options.precision);
  precision.keep_io = options.keep_io;
  precision.blocked = NodeSelection(*model, options.blocked_operators, options.blocked_nodes);
  const ModelPointer base = with_functions_inlined(model);
  if (precision.target == DataType::Float16 && !sets.empty()) {
    ProgressBar bar("calibrate", output);
    const UnfitNodes unfit =
        find_unfit_nodes(base, find_backend("cpu"), sets, precision.target,
                         [&](std::size_t done, std::size_t all) { bar.update(done, all); });
    precision.kept = unfit.reasons;
    precision.kept_values = unfit.values;
    const ModelPointer attempt = convert_precision(base, precision).model;
    precision.kept.merge(find_unfit_bodies(base, attempt, find_backend("reference"), sets));
  }
  return {base, [base, precision](const std::map<std::string, std::string>& kept) {
            PrecisionOptions more = precision;
            more.kept.insert(kept.begin(), kept.end());
            return convert_precision(base, more);
          }};
}

QuantizationOptions quantization_of(const PrecisionCommandOptions& options, const Model& model) {
  QuantizationOptions quantization;
  quantization.per_channel = !options.per_tensor;
  quantization.symmetric = options.symmetric;
  quantization.excluded = excluded_nodes(model, options.excluded);
  return quantization;
}

Conversion static_quantization(const PrecisionCommandOptions& options, const ModelPointer& model,
                               const InputSets& sets, const Output& output) {
  const ModelPointer base = prepared_for_quantization(model);
  const QuantizationOptions quantization = quantization_of(options, *base);
  ProgressBar bar("calibrate", output);
  CalibrationOptions calibration;
  calibration.method = method_of(options.method);
  calibration.share = options.percentile / 100;
  calibration.progress = [&](std::size_t done, std::size_t all) { bar.update(done, all); };
  const auto ranges = find_ranges(base, find_backend("cpu"), sets, calibration);
  return {base, [base, ranges, quantization](const std::map<std::string, std::string>& kept) {
            QuantizationOptions more = quantization;
            more.kept = kept;
            return quantize_static(base, ranges, more);
          }};
}

/// Neither needs ranges: inputs are rounded while the model runs, or not at all.
Conversion quantization_without_ranges(const PrecisionCommandOptions& options, const ModelPointer& model) {
  constexpr std::int64_t dynamic_opset = 11, blocks_opset = 21;
  if (options.quantize == "dynamic") {
    const ModelPointer base = with_opset_of_at_least(model, dynamic_opset);
    const QuantizationOptions quantization = quantization_of(options, *base);
    return {base, [=](const std::map<std::string, std::string>& kept) {
              QuantizationOptions more = quantization;
              more.kept = kept;
              return quantize_dynamic(base, more);
            }};
  }
  BlockOptions blocks;
  blocks.type = options.quantize == "int4" ? DataType::Int4 : DataType::UInt4;
  blocks.block_size = options.block_size;
  if (!options.domains.empty()) blocks.form = BlockForm::MatMulNBits;
  const ModelPointer base =
      blocks.form == BlockForm::MatMulNBits ? model : with_opset_of_at_least(model, blocks_opset);
  blocks.nodes = quantization_of(options, *base);
  return {base, [=](const std::map<std::string, std::string>& kept) {
            BlockOptions more = blocks;
            more.nodes.kept = kept;
            return quantize_weights_only(base, more);
          }};
}

/// The person's inputs, or made-up ones where none are given; none where the model cannot be run on made-up
/// ones, and nobody asked for it.
InputSets input_sets(const PrecisionCommandOptions& options, const ModelPointer& model, Json& json) {
  if (options.calibrate == "none") return {};
  if (!options.calibrate.empty() && options.calibrate != "random")
    return read_input_sets(*model, options.calibrate);
  try {
    const InputSets sets = made_up_input_sets(*model, made_up_sets);
    find_backend("cpu").compile(model, {})->run(sets[0]);
    return sets;
  } catch (Error& error) {
    if (!options.calibrate.empty() || options.quantize == "int8" || options.target_error > 0)
      throw error.advice("--calibrate DIR names inputs of yours");
    json["notes"].push_back(
        std::string("accuracy and speed were not measured, since the model does not run on made-up "
                    "inputs (--calibrate DIR names yours): ") +
        error.what());
    return {};
  }
}

Json accuracy_json(const std::vector<TensorAccuracy>& list) {
  Json json = Json::array();
  for (const auto& tensor : list)
    json.push_back({{"name", tensor.tensor},
                    {"node", tensor.node},
                    {"op", tensor.op_type},
                    {"snr_db", tensor.snr_db()},
                    {"relative_error", tensor.relative_error},
                    {"max_abs", tensor.max_absolute}});
  return json;
}

Json kept_json(const std::vector<KeptNode>& kept) {
  Json json = Json::array();
  for (const auto& node : kept)
    json.push_back({{"node", node.node}, {"op", node.op_type}, {"reason", node.reason}});
  return json;
}

void report(const ModelPointer& original, const PrecisionConversion& result, const AccuracyTest& test,
            Json& json) {
  const Accuracy accuracy = test.measure(result.model);
  json["accuracy"] = {{"outputs", accuracy_json(accuracy.outputs)},
                      {"layers", accuracy_json(accuracy.layers)}};
  const Speeds speeds = compare_speed(original, result.model, find_backend("cpu"), test.sets().front());
  json["before"]["median_ms"] = speeds.before_ms;
  json["after"]["median_ms"] = speeds.after_ms;
}

ModelPointer apply(const PrecisionCommandOptions& options, const ModelPointer& model, Json& json,
                   const Output& output) {
  check_usage(options);
  if (!options.is_asked_for()) return model;
  json["notes"] = Json::array();
  const InputSets sets = input_sets(options, model, json);
  if (sets.empty() && options.quantize == "int8")
    throw Error("--quantize int8 needs inputs: --calibrate DIR or random", Error::Kind::Usage);
  const Conversion conversion = options.quantize.empty() ? precision_conversion(options, model, sets, output)
                                : options.quantize == "int8"
                                    ? static_quantization(options, model, sets, output)
                                    : quantization_without_ranges(options, model);
  std::optional<AccuracyTest> test;
  if (!sets.empty()) test.emplace(model, find_backend("cpu"), sets);
  PrecisionConversion result;
  if (options.target_error > 0 && test) {
    TargetSearch search = search_target(*conversion.base, conversion.convert, *test, options.target_error);
    json["target"] = {{"error", options.target_error}, {"reached", search.error}, {"runs", search.runs}};
    result = std::move(search.conversion);
  } else {
    result = conversion.convert({});
  }
  json[options.quantize.empty() ? "precision" : "quantize"] =
      options.quantize.empty() ? options.precision : options.quantize;
  json["changed"] = result.changed.size();
  json["kept"] = kept_json(result.kept);
  for (const auto& note : result.notes) json["notes"].push_back(note);
  if (test) report(model, result, *test, json);
  return result.model;
}

// --- as text ---

/// Nodes of one operator and reason are said once, with their number.
void print_kept(const Json& kept) {
  struct Group {
    std::string op, reason, node;
    int count = 0;
  };
  std::vector<Group> groups;
  for (const auto& node : kept) {
    const std::string op = node["op"].get<std::string>(), reason = node["reason"].get<std::string>();
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const Group& known) { return known.op == op && known.reason == reason; });
    if (group == groups.end())
      group = groups.insert(groups.end(), {op, reason, node["node"].get<std::string>()});
    ++group->count;
  }
  for (const Group& group : groups)
    std::cout << (group.count == 1 ? group.op + " '" + group.node + "' as it was: "
                                   : std::to_string(group.count) + " " + group.op + " nodes as they were: ")
              << group.reason << '\n';
}

std::string decibels(const Json& tensor) {
  const double snr = tensor["snr_db"].get<double>();
  return std::isinf(snr) && snr > 0 ? "equal" : number(snr);
}

/// The outputs, and the layers with most noise.
void print_accuracy(const Json& accuracy) {
  constexpr std::size_t most = 10;
  std::vector<Json> layers(accuracy["layers"].begin(), accuracy["layers"].end());
  std::stable_sort(layers.begin(), layers.end(), [](const Json& a, const Json& b) {
    return a["relative_error"].get<double>() > b["relative_error"].get<double>();
  });
  std::vector<std::vector<std::string>> rows = {
      {"signal to noise, dB", "relative error", "tensor", "operator"}};
  const auto add = [&](const Json& tensor, const char* sort) {
    rows.push_back({decibels(tensor), number(tensor["relative_error"].get<double>()),
                    sort + tensor["name"].get<std::string>(), tensor["op"].get<std::string>()});
  };
  for (const auto& output : accuracy["outputs"]) add(output, "output ");
  for (std::size_t i = 0; i < std::min(most, layers.size()); ++i) add(layers[i], "");
  print_table(rows);
  if (layers.size() > most)
    std::cout << "… and " << layers.size() - most << " layers with less noise; --json lists all\n";
}

void print(const Json& json) {
  if (!json.contains("kept")) return;
  print_kept(json["kept"]);
  for (const auto& note : json["notes"]) std::cout << note.get<std::string>() << '\n';
  if (json.contains("target"))
    std::cout << "largest relative error of an output " << number(json["target"]["reached"].get<double>())
              << " (" << number(json["target"]["error"].get<double>()) << " was asked for), found in "
              << json["target"]["runs"] << " conversions\n";
  if (!json.contains("accuracy")) return;
  print_accuracy(json["accuracy"]);
  const double before = json["before"]["median_ms"].get<double>(),
               after = json["after"]["median_ms"].get<double>();
  std::cout << "a run takes " << number(before) << " ms before, " << number(after) << " ms after ("
            << number(before / after) << " ×)\n";
}

}  // namespace

PrecisionAction declare_precision(CLI::App& app) {
  auto options = std::make_shared<PrecisionCommandOptions>();
  app.add_option(
         "--precision", options->precision,
         "fp16, bf16 or fp32: the type of weights, constants and computation. Operators that have no such "
         "type, and numbers that it cannot hold, stay as they are")
      ->check(CLI::IsMember({"fp16", "bf16", "fp32"}));
  app.add_flag("--keep-io", options->keep_io, "With --precision: inputs and outputs keep their types");
  app.add_option("--block-op", options->blocked_operators,
                 "With --precision: nodes of this operator stay as they are; can be given several times")
      ->type_name("TYPE");
  app.add_option(
         "--block-node", options->blocked_nodes,
         "With --precision: the nodes of this name, or that a regular expression matches, stay as they "
         "are; can be given several times")
      ->type_name("NAME");
  app.add_option("--quantize", options->quantize,
                 "int8: products and what lies between them in 8 bits, with QuantizeLinear and "
                 "DequantizeLinear around, and ranges from --calibrate. dynamic: products of integers, "
                 "whose inputs are rounded in each run. int4, uint4: weights of MatMul and Gemm in blocks, "
                 "computation as it is")
      ->check(CLI::IsMember({"int8", "dynamic", "int4", "uint4"}));
  app.add_option("--block-size", options->block_size,
                 "With --quantize int4 and uint4: weights that share a scale")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option(
         "--domain", options->domains,
         "With --quantize int4 and uint4: com.microsoft, to write MatMulNBits and not DequantizeLinear")
      ->check(CLI::IsMember({"com.microsoft"}));
  app.add_option(
         "--calibrate", options->calibrate,
         "Inputs to find ranges and measure with: a file or folder of .npz, .npy or .pb, or of conformance "
         "sets; random (as without it); none")
      ->type_name("DIR");
  app.add_option("--calibration-method", options->method,
                 "How --quantize int8 finds ranges: minmax, entropy (least divergence) or percentile")
      ->check(CLI::IsMember({"minmax", "entropy", "percentile"}))
      ->capture_default_str();
  app.add_option("--percentile", options->percentile, "Share of numbers, by size, that percentile keeps")
      ->check(CLI::Range(50.0, 100.0))
      ->capture_default_str();
  app.add_flag("--symmetric", options->symmetric,
               "With --quantize int8: activations in int8 with zero point 0, not in uint8");
  app.add_flag("--per-tensor", options->per_tensor,
               "With --quantize: one scale for all weights of a node, not one for each output channel");
  app.add_option(
         "--exclude", options->excluded,
         "With --quantize: an operator, a node's name, or a regular expression of names that stay as they "
         "are; can be given several times")
      ->type_name("NAME");
  app.add_option(
         "--target-error", options->target_error,
         "Leave as many nodes as they are as it takes to keep the relative error of every output (root mean "
         "square of the error over that of the output; 0.1 is 20 dB, 0.01 is 40 dB) below this")
      ->check(CLI::PositiveNumber);
  return {[options](const ModelPointer& model, Json& json, const Output& output) {
            return apply(*options, model, json, output);
          },
          print};
}

}  // namespace lapidary::cli
