#include "engine/analysis/wiring.h"

#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "engine/model/graph_index.h"

namespace lapidary {
namespace {

/// Initializers that no graph input can replace.
std::unordered_set<std::string_view> fixed_values(const Graph& graph) {
  std::unordered_set<std::string_view> fixed;
  fixed.reserve(graph.initializers.size());
  for (const auto& initializer : graph.initializers) fixed.insert(initializer->name);
  for (const auto& initializer : graph.sparse_initializers) fixed.insert(initializer->name);
  for (const Value& input : graph.inputs) fixed.erase(input.name);
  return fixed;
}

}  // namespace

bool can_make_constants(const Node& node) {
  const bool random =
      node.op_type.starts_with("Random") || node.op_type == "Multinomial" || node.op_type == "Bernoulli";
  return node.op_type == "Constant" || (!node.inputs.empty() && !random && subgraphs_of(node).empty());
}

Wiring wiring_of(const Graph& graph) {
  const std::size_t count = graph.nodes.size();
  Wiring wiring{std::vector<std::vector<int>>(count), std::vector<std::vector<int>>(count),
                std::vector<bool>(count)};
  std::unordered_map<std::string_view, int> producer;
  producer.reserve(count);
  int position = 0;
  for (const auto& node : graph.nodes) {
    for (const std::string& output : node->outputs) {
      if (!output.empty()) producer.emplace(output, position);
    }
    ++position;
  }
  const auto fixed = fixed_values(graph);
  std::unordered_set<std::string_view> graph_outputs;
  for (const Value& output : graph.outputs) graph_outputs.insert(output.name);

  std::vector<int> last_reader(count, -1);
  position = 0;
  for (const auto& node : graph.nodes) {
    std::vector<int>& producers = wiring.producers[position];
    bool constant = can_make_constants(*node);
    const auto read = [&](const std::string& value) {
      if (value.empty()) return;
      const auto found = producer.find(value);
      if (found != producer.end() && found->second != position) {
        if (std::exchange(last_reader[found->second], position) != position)
          producers.push_back(found->second);
        if (found->second > position || !wiring.constant[found->second]) constant = false;
      } else if (!fixed.contains(value)) {
        constant = false;
      }
    };
    for (const std::string& input : node->inputs) read(input);
    for (const auto& [name, subgraph] : subgraphs_of(*node)) {
      for (const std::string& value : outer_names(*subgraph)) read(value);
    }
    for (const std::string& output : node->outputs) {
      if (graph_outputs.contains(output)) constant = false;
    }
    wiring.constant[position] = constant;
    for (const int from : producers) wiring.consumers[from].push_back(position);
    ++position;
  }
  return wiring;
}

}  // namespace lapidary
