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

Json before_and_after(const Model& before, const Model& after) {
  return {{"before", size_json(before)}, {"after", size_json(after)}};
}

void print_before_and_after(const std::string& path, const Json& json) {
  const auto size = [](const Json& part) {
    return std::to_string(part["nodes"].get<std::size_t>()) + " nodes and " +
           bytes_text(part["parameter_bytes"].get<double>()) + " of weights";
  };
  std::cout << path << ": " << size(json["before"]) << " before, " << size(json["after"]) << " after\n";
}

SaveResult save_edited(const Model& model, const std::string& path, const LoadedModel& loaded,
                       const Output& output, bool external_data) {
  SaveOptions options = save_options_for(path);
  options.external_data = external_data;
  SaveResult result = save_model(model, path, options, &loaded);
  if (!output.quiet)
    for (const auto& message : result.messages) std::cerr << "lapidary: " << path << ": " << message << '\n';
  return result;
}

}  // namespace lapidary::cli
