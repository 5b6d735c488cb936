#include <iostream>

#include "app/cli/facts.h"
#include "engine/analysis/model_cost.h"

namespace lapidary::cli {

Json info_json(const LoadedModel& loaded) {
  const Model& model = *loaded.model;
  const InferredTypes types = infer_types(model);
  const ModelCost cost = cost_of(model, types);
  Json json;
  json["format"] = name_of(loaded.format);
  json["ir_version"] = model.ir_version;
  json["opsets"] = Json::object();
  for (const auto& import : model.opset_imports) json["opsets"][import.domain] = import.version;
  json["producer"] =
      model.producer_name + (model.producer_version.empty() ? "" : " " + model.producer_version);
  json["inputs"] = Json::array();
  for (const auto& value : required_inputs(model))
    json["inputs"].push_back(value_json(value.name, value.type));
  json["outputs"] = Json::array();
  for (const auto& value : model.graph->outputs)
    json["outputs"].push_back(value_json(value.name, types.type_of(value.name)));
  json["nodes"] = model.graph->nodes.size();
  json["operators"] = operator_counts(model);
  json["subgraphs"] = subgraph_count(model);
  json["functions"] = model.functions.size();
  json["parameters"] = cost.parameters;
  json["parameter_bytes"] = cost.parameter_bytes;
  json["flops"] = cost.flops;
  json["macs"] = cost.macs;
  json["unknown_cost_nodes"] = cost.unknown_nodes;
  json["activation_peak_bytes"] = cost.activation_peak_bytes;
  json["file_bytes"] = loaded.file_bytes;
  json["unsupported"] = Json::array();
  for (const auto& missing : unsupported_operators(model))
    json["unsupported"].push_back({{"op", missing.op}, {"domain", missing.domain}, {"count", missing.count}});
  return json;
}

namespace {

std::string value_text(const Json& value) {
  std::string text = value["name"].get<std::string>() + "  " + value["type"].get<std::string>();
  if (value["shape"].is_null()) return text;
  std::string shape;
  for (const auto& size : value["shape"])
    shape += (shape.empty() ? "" : " × ") + (size.is_string() ? size.get<std::string>() : size.dump());
  return text + " " + (shape.empty() ? "scalar" : shape);
}

void print_info(const Json& json) {
  const auto line = [](const std::string& name, const std::string& value) {
    std::cout << name << std::string(name.size() < 14 ? 14 - name.size() : 1, ' ') << value << '\n';
  };
  std::string opsets;
  for (const auto& [domain, version] : json["opsets"].items())
    opsets += (opsets.empty() ? "" : ", ") + (domain.empty() ? "ai.onnx" : domain) + " " + version.dump();
  line("format",
       json["format"].get<std::string>() + ", IR " + json["ir_version"].dump() + ", opset " + opsets);
  line("producer", json["producer"].get<std::string>());
  for (const auto& value : json["inputs"]) line("input", value_text(value));
  for (const auto& value : json["outputs"]) line("output", value_text(value));
  line("nodes", json["nodes"].dump() + ", subgraphs " + json["subgraphs"].dump() + ", functions " +
                    json["functions"].dump());
  std::string operators;
  for (const auto& [type, count] : json["operators"].items())
    operators += (operators.empty() ? "" : ", ") + type + " × " + count.dump();
  line("operators", operators);
  line("parameters", with_prefix(json["parameters"].get<double>()) + " (" +
                         bytes_text(json["parameter_bytes"].get<double>()) + ")");
  line("cost", with_prefix(json["flops"].get<double>()) + "FLOP, " + with_prefix(json["macs"].get<double>()) +
                   " multiply-adds; free dimensions counted as 1");
  line("activations", bytes_text(json["activation_peak_bytes"].get<double>()) + " at the peak");
  line("file", bytes_text(json["file_bytes"].get<double>()));
  for (const auto& missing : json["unsupported"])
    line("cannot run",
         (missing["domain"].get<std::string>().empty() ? "" : missing["domain"].get<std::string>() + ".") +
             missing["op"].get<std::string>() + " × " + missing["count"].dump());
}

}  // namespace

Action declare_info(CLI::App& app) {
  auto options = std::make_shared<ModelOptions>();
  options->declare(app);
  return [options](const Output& output) {
    const Json json = info_json(options->load(output));
    output.json ? print_json(json) : print_info(json);
    return 0;
  };
}

}  // namespace lapidary::cli
