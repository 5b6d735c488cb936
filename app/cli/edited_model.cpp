#include "app/cli/edited_model.h"

#include <iostream>

#include "engine/analysis/model_cost.h"

namespace lapidary::cli {
namespace {

Json size_json(const Model& model) {
  std::int64_t parameters = 0, bytes = 0;
  for (const auto& tensor : model.graph->initializers) {
    parameters += tensor->tensor.size();
    bytes += static_cast<std::int64_t>(tensor->tensor.size_bytes());
  }
  const auto values = [](const std::vector<Value>& list) {
    Json json = Json::array();
    for (const auto& value : list) json.push_back(value_json(value.name, value.type));
    return json;
  };
  Json opsets = Json::object();
  for (const auto& import : model.opset_imports) opsets[import.domain] = import.version;
  return {{"nodes", model.graph->nodes.size()},
          {"operators", operator_counts(model)},
          {"opsets", opsets},
          {"ir_version", model.ir_version},
          {"parameters", parameters},
          {"parameter_bytes", bytes},
          {"inputs", values(model.graph->inputs)},
          {"outputs", values(model.graph->outputs)}};
}

}  // namespace

Json save_edited(const ModelOptions& model, const std::vector<EditStep>& steps, const std::string& out,
                 const Output& output, const std::vector<ModelChange>& changes, const SaveChoice& save) {
  const LoadedModel loaded = model.load(output);
  ModelPointer result;
  Json said = Json::object();
  try {
    result = apply_steps(loaded.model, steps);
    for (const auto& change : changes)
      if (result) result = change(result, said, output);
  } catch (Error& error) {
    throw error.file(model.path);
  }
  Json json = {{"before", size_json(*loaded.model)}};
  json["before"]["bytes"] = loaded.file_bytes;
  if (result) {
    SaveOptions options = save_options_for(out);
    options.weights = save.weights;
    options.external_threshold_bytes = save.external_threshold_bytes;
    const SaveResult saved = save_model(*result, out, options, &loaded);
    if (!output.quiet)
      for (const auto& message : saved.messages) std::cerr << "lapidary: " << out << ": " << message << '\n';
    json["after"] = size_json(*result);
    json["after"]["bytes"] = saved.file_bytes;
  }
  json.merge_patch(said);
  return json;
}

void print_before_and_after(const std::string& out, const Json& json, const Output& output) {
  if (output.json) return print_json(json);
  const auto size = [](const Json& part) {
    return std::to_string(part["nodes"].get<std::size_t>()) + " nodes and " +
           bytes_text(part["parameter_bytes"].get<double>()) + " of weights";
  };
  std::cout << out << ": " << size(json["before"]) << " before, " << size(json["after"]) << " after\n";
}

}  // namespace lapidary::cli
