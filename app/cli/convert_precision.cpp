#include "app/cli/convert_precision.h"

#include <iostream>

#include "engine/precision/convert_precision.h"

namespace lapidary::cli {
namespace {

struct PrecisionCommandOptions {
  std::string precision;
  bool keep_io = false;
  std::vector<std::string> blocked_operators, blocked_nodes;
};

DataType target_of(const std::string& precision) {
  return precision == "fp16"   ? DataType::Float16
         : precision == "bf16" ? DataType::BFloat16
                               : DataType::Float32;
}

Json kept_json(const std::vector<KeptNode>& kept) {
  Json json = Json::array();
  for (const auto& node : kept)
    json.push_back({{"node", node.node}, {"op", node.op_type}, {"reason", node.reason}});
  return json;
}

ModelPointer apply(const PrecisionCommandOptions& options, const ModelPointer& model, Json& json) {
  if (options.precision.empty()) {
    if (options.keep_io || !options.blocked_operators.empty() || !options.blocked_nodes.empty())
      throw Error("--keep-io, --block-op and --block-node need --precision", Error::Kind::Usage);
    return model;
  }
  PrecisionOptions precision;
  precision.target = target_of(options.precision);
  precision.keep_io = options.keep_io;
  precision.blocked = NodeSelection(*model, options.blocked_operators, options.blocked_nodes);
  PrecisionConversion result = convert_precision(model, precision);
  json["precision"] = options.precision;
  json["kept"] = kept_json(result.kept);
  json["notes"] = result.notes;
  return result.model;
}

/// Nodes of one operator and reason are said once, with their number.
void print_kept(const Json& kept) {
  std::vector<std::pair<std::string, int>> lines;
  for (const auto& node : kept) {
    const std::string reason = node["reason"].get<std::string>();
    const bool is_of_operator = reason.starts_with("operator ");
    std::string line =
        (is_of_operator ? node["op"].get<std::string>() + " nodes"
                        : node["op"].get<std::string>() + " '" + node["node"].get<std::string>() + "'") +
        " as it was: " + reason;
    const auto same =
        std::find_if(lines.begin(), lines.end(), [&](const auto& known) { return known.first == line; });
    same == lines.end() ? static_cast<void>(lines.emplace_back(std::move(line), 1))
                        : static_cast<void>(++same->second);
  }
  for (const auto& [line, count] : lines)
    std::cout << (count > 1 ? std::to_string(count) + " " : "") << line << '\n';
}

}  // namespace

PrecisionAction declare_precision(CLI::App& app) {
  auto options = std::make_shared<PrecisionCommandOptions>();
  app.add_option(
         "--precision", options->precision,
         "fp16, bf16 or fp32: the type of weights, constants and computation. Operators that have no such "
         "type, and constants that it cannot hold, stay as they are")
      ->check(CLI::IsMember({"fp16", "bf16", "fp32"}));
  app.add_flag("--keep-io", options->keep_io, "With --precision: inputs and outputs keep their types");
  app.add_option("--block-op", options->blocked_operators,
                 "With --precision: nodes of this operator stay as they are; can be given several times")
      ->type_name("TYPE");
  app.add_option("--block-node", options->blocked_nodes,
                 "With --precision: the nodes of this name, or that a regular expression matches, stay as "
                 "they are; can "
                 "be given several times")
      ->type_name("NAME");
  return {[options](const ModelPointer& model, Json& json, const Output&) {
            return apply(*options, model, json);
          },
          [](const Json& json) {
            if (json.contains("kept")) print_kept(json["kept"]);
            if (json.contains("notes"))
              for (const auto& note : json["notes"]) std::cout << note.get<std::string>() << '\n';
          }};
}

}  // namespace lapidary::cli
