#include "app/cli/convert_opset.h"

#include <iostream>

#include "engine/edit/strip.h"
#include "engine/opsets/convert_opset.h"
#include "engine/opsets/ir_version.h"

namespace lapidary::cli {
namespace {

struct VersionOptions {
  std::optional<std::int64_t> opset, ir;
  bool strips = false;
};

ModelPointer to_opset(std::int64_t opset, const ModelPointer& model, Json& json) {
  OpsetConversion conversion = convert_opset(model, opset);
  json["blockers"] = Json::array();
  for (const auto& [node, reason] : conversion.blockers)
    json["blockers"].push_back({{"node", node}, {"reason", reason}});
  return conversion.model;
}

ModelPointer stripped(const ModelPointer& model, Json& json) {
  Stripped parts;
  ModelPointer result = strip(*model, parts);
  json["stripped"] = {{"documentation", parts.documentation},
                      {"node_names", parts.node_names},
                      {"metadata", parts.metadata},
                      {"producer", parts.producer}};
  return result;
}

}  // namespace

VersionChanges declare_versions(CLI::App& app) {
  auto options = std::make_shared<VersionOptions>();
  app.add_option(
      "--opset", options->opset,
      "Version of ONNX's operator set to write, 7 to 27. What cannot be expressed there is listed, node by "
      "node, before anything is written");
  app.add_option("--ir", options->ir, "Version of the file format to write, 3 to 13");
  app.add_flag("--strip", options->strips, "Leave out documentation, names of nodes, metadata and producer");
  return {[options](const ModelPointer& model, Json& json, const Output&) {
            return options->opset ? to_opset(*options->opset, model, json) : model;
          },
          [options](const ModelPointer& model, Json&, const Output&) {
            return options->ir ? with_ir_version(model, *options->ir) : model;
          },
          [options](const ModelPointer& model, Json& json, const Output&) {
            return options->strips ? stripped(model, json) : model;
          }};
}

void print_versions(const std::string& model, const Json& json) {
  if (json.contains("stripped")) {
    const Json& parts = json["stripped"];
    std::cout << "left out: " << parts["documentation"] << " texts of documentation, " << parts["node_names"]
              << " names of nodes, " << parts["metadata"] << " entries of metadata"
              << (parts["producer"].get<bool>() ? ", the producer" : "") << '\n';
  }
  if (!json.contains("blockers") || json["blockers"].empty()) return;
  std::cerr << "lapidary: " << model << ": nothing was written, since that operator set cannot express "
            << json["blockers"].size() << (json["blockers"].size() == 1 ? " node:\n" : " nodes:\n");
  for (const auto& blocker : json["blockers"]) {
    const std::string node = blocker["node"].get<std::string>();
    std::cerr << "  " << (node.empty() ? "" : node + ": ") << blocker["reason"].get<std::string>() << '\n';
  }
}

}  // namespace lapidary::cli
