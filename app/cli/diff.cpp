#include <iostream>

#include "app/cli/model_options.h"
#include "engine/analysis/model_difference.h"

namespace lapidary::cli {
namespace {

struct DiffOptions {
  ModelOptions first;
  std::string second;
};

Json graph_json(const GraphDifference& graph) {
  Json json = {{"graph", graph.path},
               {"interface", graph.interface},
               {"removed", Json::array()},
               {"added", Json::array()},
               {"changed", Json::array()}};
  for (const auto& node : graph.removed)
    json["removed"].push_back({{"node", node.label}, {"op", node.op_type}});
  for (const auto& node : graph.added) json["added"].push_back({{"node", node.label}, {"op", node.op_type}});
  std::size_t same = 0;
  for (const NodePair& pair : graph.pairs) {
    if (pair.differences.empty()) {
      ++same;
      continue;
    }
    json["changed"].push_back({{"node", pair.before.label},
                               {"counterpart", pair.after.label},
                               {"matched_by", pair.reason},
                               {"differences", pair.differences}});
  }
  json["same"] = same;
  return json;
}

Json difference_json(const ModelDifference& difference) {
  Json json = {{"equal", difference.equal()},
               {"properties", difference.properties},
               {"graphs", Json::array()},
               {"weights", Json::array()}};
  for (const GraphDifference& graph : difference.graphs) json["graphs"].push_back(graph_json(graph));
  for (const WeightDifference& weight : difference.weights)
    json["weights"].push_back({{"name", weight.name},
                               {"graph", weight.graph},
                               {"before", weight.before},
                               {"after", weight.after},
                               {"description", weight.description},
                               {"max_abs", weight.max_absolute}});
  return json;
}

void print_graph(const GraphDifference& graph) {
  const std::string where = graph.path.empty() ? "" : " (" + graph.path + ")";
  for (const auto& line : graph.interface) std::cout << "~ " << line << where << '\n';
  for (const auto& node : graph.removed)
    std::cout << "- node '" << node.label << "' " << node.op_type << where << '\n';
  for (const auto& node : graph.added)
    std::cout << "+ node '" << node.label << "' " << node.op_type << where << '\n';
  for (const NodePair& pair : graph.pairs)
    for (const auto& line : pair.differences)
      std::cout << "~ node '" << pair.before.label << "' " << line << where << '\n';
}

int diff(const DiffOptions& options, const Output& output) {
  const LoadedModel before = options.first.load(output);
  const LoadedModel after = ModelOptions{options.second, options.first.follow_links}.load(output);
  const ModelDifference difference = difference_between(*before.model, *after.model);
  if (output.json) {
    print_json(difference_json(difference));
  } else {
    for (const auto& line : difference.properties) std::cout << "~ " << line << '\n';
    for (const GraphDifference& graph : difference.graphs) print_graph(graph);
    for (const WeightDifference& weight : difference.weights)
      std::cout << (weight.before && weight.after ? "~"
                    : weight.before               ? "-"
                                                  : "+")
                << " weight '" << weight.name << "' " << weight.description
                << (weight.max_absolute > 0 ? ", by up to " + number(weight.max_absolute) : "") << '\n';
    if (difference.equal()) std::cout << "the models say the same\n";
  }
  return difference.equal() ? 0 : 1;
}

}  // namespace

Action declare_diff(CLI::App& app) {
  auto options = std::make_shared<DiffOptions>();
  options->first.declare(app);
  app.add_option("MODEL2", options->second, "The model to compare it with")->required();
  return [options](const Output& output) { return diff(*options, output); };
}

}  // namespace lapidary::cli
