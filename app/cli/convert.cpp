#include "app/cli/convert_opset.h"
#include "app/cli/convert_precision.h"
#include "app/cli/edited_model.h"

namespace lapidary::cli {
namespace {

struct ConvertOptions {
  ModelOptions model;
  std::string out;
  std::vector<std::string> frozen;  ///< NAME=VALUE
  std::vector<std::string> freed;   ///< INPUT, INPUT:AXIS or INPUT:AXIS=NAME
  std::string batch;                ///< a number or a name
  bool one_file = false, file_per_tensor = false, embeds = false;
  std::int64_t threshold = SaveOptions().external_threshold_bytes;
  VersionChanges versions;
  PrecisionAction precision;
};

std::optional<std::int64_t> number_in(const std::string& text) {
  if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  return std::stoll(text);
}

/// NAME=VALUE: the edit that gives the dimension of that name a number.
EditStep freezing(const std::string& option) {
  const auto equals = option.rfind('=');
  const auto number = number_in(equals == std::string::npos ? std::string() : option.substr(equals + 1));
  if (!number || equals == 0)
    throw Error("--freeze " + option + " is not of the form NAME=VALUE with a whole number",
                Error::Kind::Usage);
  return {"set_dimension", {{"name", option.substr(0, equals)}, {"value", *number}}};
}

/// INPUT, INPUT:AXIS or INPUT:AXIS=NAME; names of inputs may have colons themselves.
EditStep freeing(const std::string& option) {
  const auto equals = option.rfind('=');
  const std::string place = option.substr(0, equals);
  const auto colon = place.rfind(':');
  const auto axis = colon == std::string::npos ? std::nullopt : number_in(place.substr(colon + 1));
  const bool is_named = equals != std::string::npos;
  if (place.empty() || (is_named && (!axis || equals + 1 == option.size())))
    throw Error("--free " + option + " is not of the form INPUT, INPUT:AXIS or INPUT:AXIS=NAME",
                Error::Kind::Usage);
  EditStep step{"free_dimension", {{"tensor", axis ? place.substr(0, colon) : place}}};
  if (axis) step.parameters["axis"] = *axis;
  if (is_named) step.parameters["name"] = option.substr(equals + 1);
  return step;
}

std::vector<EditStep> steps_of(const ConvertOptions& options) {
  std::vector<EditStep> steps;
  for (const auto& option : options.freed) steps.push_back(freeing(option));
  if (!options.batch.empty()) {
    const auto number = number_in(options.batch);
    steps.push_back({"set_batch_size", {{"value", number ? EditJson(*number) : EditJson(options.batch)}}});
  }
  for (const auto& option : options.frozen) steps.push_back(freezing(option));
  return steps;
}

SaveChoice save_choice_of(const ConvertOptions& options) {
  if (options.one_file + options.file_per_tensor + options.embeds > 1)
    throw Error("--external-data, --external-data-per-tensor and --embed-data exclude each other",
                Error::Kind::Usage);
  if (options.threshold < 0) throw Error("--external-threshold is negative", Error::Kind::Usage);
  return {options.one_file          ? WeightPlacement::OneFile
          : options.file_per_tensor ? WeightPlacement::FilePerTensor
          : options.embeds          ? WeightPlacement::Inside
                                    : WeightPlacement::AsBefore,
          options.threshold};
}

int convert(const ConvertOptions& options, const Output& output) {
  // Precision in the operator set that is asked for.
  const std::vector<ModelChange> changes = {options.versions.opset, options.precision.apply,
                                            options.versions.ir, options.versions.strip};
  const Json json =
      save_edited(options.model, steps_of(options), options.out, output, changes, save_choice_of(options));
  const bool is_saved = json.contains("after");
  if (!output.json) {
    if (is_saved) options.precision.print(json);
    print_versions(options.model.path, json);
  }
  if (is_saved || output.json) print_before_and_after(options.out, json, output);
  return is_saved ? 0 : 1;
}

void declare_sizes(CLI::App& app, ConvertOptions& options) {
  app.add_option("--freeze", options.frozen,
                 "NAME=VALUE: a number for a free dimension; can be given several times")
      ->type_name("NAME=VALUE");
  app.add_option("--free", options.freed,
                 "INPUT:AXIS=NAME: a name for a size of an input that is a number; without =NAME one is "
                 "made, without "
                 ":AXIS all sizes of the input are freed; can be given several times")
      ->type_name("INPUT:AXIS=NAME");
  app.add_option("--batch", options.batch, "A number or a name for the first dimension of all inputs")
      ->type_name("N|NAME");
}

void declare_weights(CLI::App& app, ConvertOptions& options) {
  app.add_flag("--external-data", options.one_file, "Weights into a file beside the model");
  app.add_flag("--external-data-per-tensor", options.file_per_tensor,
               "Weights into files beside the model, one each");
  app.add_option("--external-threshold", options.threshold,
                 "With these: weights of fewer bytes stay inside (default: 1024)")
      ->type_name("BYTES");
  app.add_flag("--embed-data", options.embeds, "Weights into the model, whatever lay beside it");
}

}  // namespace

Action declare_convert(CLI::App& app) {
  auto options = std::make_shared<ConvertOptions>();
  options->model.declare(app);
  app.add_option("-o,--output", options->out,
                 "Where the result goes; its ending says the format: .onnx, .onnxtxt, .textproto, .json, "
                 "with .gz or .zip")
      ->required();
  declare_weights(app, *options);
  declare_sizes(app, *options);
  options->versions = declare_versions(app);
  options->precision = declare_precision(app);
  return [options](const Output& output) { return convert(*options, output); };
}

}  // namespace lapidary::cli
