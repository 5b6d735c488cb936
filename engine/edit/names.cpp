#include "engine/edit/names.h"

#include <algorithm>
#include <numeric>

#include "engine/model/sequence.h"

namespace lapidary {

// --- names that are taken ---

TakenNames::TakenNames(const Model& model, const GraphPath& path) {
  const GraphPointer root = graph_at(model, {path.function, {}});
  values_.reserve(root->nodes.size() * 2 + root->initializers.size());
  nodes_.reserve(root->nodes.size());
  add(*root);
}

void TakenNames::add(const Graph& graph) {
  for (const auto& input : graph.inputs) values_.insert(input.name);
  for (const auto& output : graph.outputs) values_.insert(output.name);
  for (const auto& tensor : graph.initializers) values_.insert(tensor->name);
  for (const auto& tensor : graph.sparse_initializers) values_.insert(tensor->name);
  for (const auto& node : graph.nodes) {
    nodes_.insert(node->name);
    values_.insert(node->outputs.begin(), node->outputs.end());
    values_.insert(node->inputs.begin(), node->inputs.end());  // dangling ones are taken, too
    for (const auto& [attribute, body] : subgraphs_of(*node)) add(*body);
  }
}

std::string TakenNames::fresh(const std::string& base, Names& taken) {
  std::string name = base;
  for (int i = 2; !taken.insert(name).second; ++i) name = base + "_" + std::to_string(i);
  return name;
}

// --- who makes and reads what ---

bool is_input(const Graph& graph, std::string_view value) {
  return std::any_of(graph.inputs.begin(), graph.inputs.end(),
                     [&](const Value& v) { return v.name == value; });
}

bool is_output(const Graph& graph, std::string_view value) {
  return std::any_of(graph.outputs.begin(), graph.outputs.end(),
                     [&](const Value& v) { return v.name == value; });
}

std::optional<std::size_t> producer_of(const Graph& graph, std::string_view value) {
  std::size_t position = 0;
  for (const auto& node : graph.nodes) {
    if (std::find(node->outputs.begin(), node->outputs.end(), value) != node->outputs.end()) return position;
    ++position;
  }
  return std::nullopt;
}

std::optional<std::size_t> initializer_of(const Graph& graph, std::string_view value) {
  std::size_t position = 0;
  for (const auto& tensor : graph.initializers) {
    if (tensor->name == value) return position;
    ++position;
  }
  return std::nullopt;
}

std::size_t place_behind(const Graph& graph, const std::vector<std::string>& values) {
  std::size_t place = 0, position = 0;
  for (const auto& node : graph.nodes) {
    ++position;
    for (const auto& output : node->outputs)
      if (!output.empty() && std::find(values.begin(), values.end(), output) != values.end())
        place = position;
  }
  return place;
}

void move_behind_producers(Graph& graph, std::size_t position) {
  std::vector<std::string> read;
  for_each_read(*graph.nodes[position], [&](const std::string& name) { read.push_back(name); });
  const std::size_t end = place_behind(graph, read);
  if (end <= position + 1) return;
  // Of the nodes from `position` up to the last one that it reads from, those that depend on it move behind
  // the rest.
  std::vector<std::shared_ptr<const Node>> ahead, behind;
  std::unordered_set<std::string> made;
  for (std::size_t i = position; i < end; ++i) {
    const auto& node = graph.nodes[i];
    bool depends = i == position;
    for_each_read(*node, [&](const std::string& name) { depends = depends || made.contains(name); });
    if (depends) made.insert(node->outputs.begin(), node->outputs.end());
    made.erase("");
    (depends ? behind : ahead).push_back(node);
  }
  const auto& last = behind.back();
  if (last == graph.nodes[end - 1]) return;  // a cycle, which no order can please
  ahead.insert(ahead.end(), behind.begin(), behind.end());
  std::vector<std::size_t> places(end - position);
  std::iota(places.begin(), places.end(), position);
  graph.nodes = with_inserted(without(graph.nodes, places), position, std::move(ahead));
}

void erase_declared_types(Graph& graph, const std::unordered_set<std::string>& values) {
  graph.value_infos =
      without_if(graph.value_infos, [&](const Value& value) { return values.contains(value.name); });
}

}  // namespace lapidary
