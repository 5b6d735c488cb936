#include "app/cli/convert_precision.h"
#include "app/cli/edited_model.h"

namespace lapidary::cli {
namespace {

struct ConvertOptions {
  ModelOptions model;
  std::string out;
  std::vector<std::string> frozen;  ///< NAME=VALUE
  bool external_data = false;
  PrecisionAction precision;
};

/// NAME=VALUE: the edit that gives the dimension of that name a number.
EditStep freezing(const std::string& option) {
  const auto equals = option.rfind('=');
  const std::string number = equals == std::string::npos ? std::string() : option.substr(equals + 1);
  if (number.empty() || number.size() > 18 || number.find_first_not_of("0123456789") != std::string::npos ||
      equals == 0)
    throw Error("--freeze " + option + " is not of the form NAME=VALUE with a whole number",
                Error::Kind::Usage);
  return {"set_dimension", {{"name", option.substr(0, equals)}, {"value", std::stoll(number)}}};
}

int convert(const ConvertOptions& options, const Output& output) {
  std::vector<EditStep> steps;
  for (const auto& option : options.frozen) steps.push_back(freezing(option));
  const Json json =
      save_edited(options.model, steps, options.out, output, options.external_data, options.precision.apply);
  if (!output.json) options.precision.print(json);
  print_before_and_after(options.out, json, output);
  return 0;
}

}  // namespace

Action declare_convert(CLI::App& app) {
  auto options = std::make_shared<ConvertOptions>();
  options->model.declare(app);
  app.add_option("-o,--output", options->out,
                 "Where the result goes; its ending says the format: .onnx, .onnxtxt, .textproto, .json, "
                 "with .gz or .zip")
      ->required();
  app.add_flag("--external-data", options->external_data, "Weights into a file beside the model");
  app.add_option("--freeze", options->frozen,
                 "NAME=VALUE: a number for a free dimension; can be given several times")
      ->type_name("NAME=VALUE");
  options->precision = declare_precision(app);
  return [options](const Output& output) { return convert(*options, output); };
}

}  // namespace lapidary::cli
