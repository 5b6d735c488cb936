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
  return {{"nodes", model.graph->nodes.size()},
          {"operators", operator_counts(model)},
          {"parameters", parameters},
          {"parameter_bytes", bytes},
          {"inputs", values(model.graph->inputs)},
          {"outputs", values(model.graph->outputs)}};
}

}  // namespace

Json save_edited(const ModelOptions& model, const std::vector<EditStep>& steps, const std::string& out,
                 const Output& output, bool external_data,
                 const std::function<ModelPointer(const ModelPointer&, Json&, const Output&)>& then) {
  const LoadedModel loaded = model.load(output);
  ModelPointer result;
  Json said = Json::object();
  try {
    result = apply_steps(loaded.model, steps);
    if (then) result = then(result, said, output);
  } catch (Error& error) {
    throw error.file(model.path);
  }
  SaveOptions options = save_options_for(out);
  options.external_data = external_data;
  const SaveResult saved = save_model(*result, out, options, &loaded);
  if (!output.quiet)
    for (const auto& message : saved.messages) std::cerr << "lapidary: " << out << ": " << message << '\n';
  Json json = {{"before", size_json(*loaded.model)}, {"after", size_json(*result)}};
  json["before"]["bytes"] = loaded.file_bytes;
  json["after"]["bytes"] = saved.file_bytes;
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
