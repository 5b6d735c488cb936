#include "engine/opsets/verify.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "engine/analysis/check.h"
#include "engine/analysis/every_node.h"
#include "engine/model/names.h"

namespace lapidary {
namespace {

using Nodes = std::vector<std::shared_ptr<const Node>>;
using Names = std::unordered_set<std::string>;
using Counts = std::unordered_map<std::string, int>;

Counts reads_of(const Nodes& nodes) {
  Counts counts;
  for (const auto& node : nodes) for_each_read(*node, [&](const std::string& name) { ++counts[name]; });
  return counts;
}

/// Takes out the nodes whose outputs nobody reads, where they were read before or are new; then those that
/// only they read.
void remove_unread(Nodes& nodes, Counts& reads, const Names& unread_before, const Names& wanted) {
  for (std::size_t i = nodes.size(); i-- > 0;) {
    const auto is_needed = [&](const std::string& name) {
      return !name.empty() && (reads[name] > 0 || wanted.contains(name) || unread_before.contains(name));
    };
    if (std::any_of(nodes[i]->outputs.begin(), nodes[i]->outputs.end(), is_needed)) continue;
    for_each_read(*nodes[i], [&](const std::string& name) { --reads[name]; });
    nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

/// Outputs of nodes that nobody read from the start.
Names outputs_without_reader(const Nodes& nodes) {
  const Counts reads = reads_of(nodes);
  Names names;
  for (const auto& node : nodes) {
    const auto is_read = [&](const std::string& output) { return reads.contains(output); };
    if (std::none_of(node->outputs.begin(), node->outputs.end(), is_read))
      names.insert(node->outputs.begin(), node->outputs.end());
  }
  return names;
}

Names names_of(const std::vector<Value>& values) {
  Names names;
  for (const auto& value : values) names.insert(value.name);
  return names;
}

/// The main graph; bodies hold few constants, and keep them.
GraphPointer cleaned(const Graph& before, const GraphPointer& graph, bool inputs_are_listed_only) {
  Nodes nodes = graph->nodes.to_vector();
  const Nodes former = before.nodes.to_vector();
  Counts reads = reads_of(nodes);
  const Counts former_reads = reads_of(former);
  Names wanted = names_of(graph->outputs);
  for (const auto& annotation : graph->quantization_annotations)
    for (const auto& [key, name] : annotation.parameters) wanted.insert(name);
  remove_unread(nodes, reads, outputs_without_reader(former), wanted);
  // Before IR version 4 an initializer is listed as an input, and is none.
  const Names former_inputs = inputs_are_listed_only ? Names() : names_of(before.inputs);
  const auto is_orphan = [&](const std::string& name) {
    const auto count = reads.find(name);
    const bool is_read = count != reads.end() && count->second > 0;
    if (is_read || wanted.contains(name)) return false;
    return former_reads.contains(name) || !defines(before, name);
  };
  auto initializers = graph->initializers.to_vector();
  std::erase_if(initializers, [&](const auto& tensor) {
    return is_orphan(tensor->name) && !former_inputs.contains(tensor->name);
  });
  if (nodes.size() == graph->nodes.size() && initializers.size() == graph->initializers.size()) return graph;
  Graph result = *graph;
  std::unordered_set<std::string_view> removed;
  for (const auto& tensor : graph->initializers) removed.insert(tensor->name);
  for (const auto& tensor : initializers) removed.erase(tensor->name);
  std::erase_if(result.inputs, [&](const Value& value) { return removed.contains(value.name); });
  result.nodes = PersistentVector(std::move(nodes));
  result.initializers = PersistentVector(std::move(initializers));
  return std::make_shared<const Graph>(std::move(result));
}

}  // namespace

ModelPointer without_orphans(const Model& before, const Model& model) {
  Model result = model;
  constexpr std::int64_t first_with_defaults = 4;
  result.graph = cleaned(*before.graph, model.graph, before.ir_version < first_with_defaults);
  return std::make_shared<const Model>(std::move(result));
}

std::vector<OpsetBlocker> problems_since(const Model& before, const Model& converted,
                                         const ConversionHistory& history) {
  std::set<std::pair<std::string, std::string>> known;
  for (const auto& problem : check_model(before)) known.insert({problem.node, problem.message});
  std::vector<OpsetBlocker> blockers;
  for (const auto& problem : check_model(converted)) {
    const std::string origin = history.origin(problem.node);
    if (problem.severity != Problem::Severity::Error || known.contains({origin, problem.message})) continue;
    blockers.push_back({origin, problem.tensor.empty()
                                    ? problem.message
                                    : "tensor '" + problem.tensor + "': " + problem.message});
  }
  return blockers;
}

}  // namespace lapidary
