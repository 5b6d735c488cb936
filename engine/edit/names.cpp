#include "engine/edit/names.h"

#include <algorithm>
#include <numeric>

#include "engine/model/graph_index.h"
#include "engine/model/sequence.h"

namespace lapidary {

// --- names that are taken ---

namespace {

/// Calls `visit` for the name of each node of the graph and its bodies.
template <class Visit>
void for_each_node_name(const Graph& graph, const Visit& visit) {
  for (const auto& node : graph.nodes) {
    visit(node->name);
    for (const auto& [attribute, body] : subgraphs_of(*node)) for_each_node_name(*body, visit);
  }
}

/// The same for values; those that a node reads and nobody makes are taken, too.
template <class Visit>
void for_each_value_name(const Graph& graph, const Visit& visit) {
  for (const auto& input : graph.inputs) visit(input.name);
  for (const auto& output : graph.outputs) visit(output.name);
  for (const auto& tensor : graph.initializers) visit(tensor->name);
  for (const auto& tensor : graph.sparse_initializers) visit(tensor->name);
  for (const auto& node : graph.nodes) {
    for (const auto* names : {&node->outputs, &node->inputs})
      for (const auto& name : *names) visit(name);
    for (const auto& [attribute, body] : subgraphs_of(*node)) for_each_value_name(*body, visit);
  }
}

}  // namespace

TakenNames::TakenNames(const Model& model, const GraphPath& path, const GraphIndex* index)
    : root_(graph_at(model, {path.function, {}})), index_(path.function ? nullptr : index) {}

TakenNames::Names& TakenNames::known(Kind& kind, const std::string& base) const {
  if (kind.is_whole) return kind.names;
  if (kind.are_values && index_) {
    kind.is_whole = true;
    const auto take = [&](const std::string& name) { kind.names.insert(name); };
    for (const int node : index_->nodes_with_subgraphs())
      for (const auto& [attribute, body] : subgraphs_of(*root_->nodes[static_cast<std::size_t>(node)]))
        for_each_value_name(*body, take);
    for (const auto& tensor : root_->sparse_initializers) take(tensor->name);
    return kind.names;
  }
  constexpr int few = 3;
  kind.is_whole = ++kind.searches > few;
  if (kind.is_whole) kind.names.reserve(root_->nodes.size() * (kind.are_values ? 2 : 1));
  const auto take = [&](const std::string& name) {
    if (kind.is_whole || name.starts_with(base)) kind.names.insert(name);
  };
  kind.are_values ? for_each_value_name(*root_, take) : for_each_node_name(*root_, take);
  return kind.names;
}

bool TakenNames::is_taken(const Kind& kind, const Names& known, const std::string& name) const {
  if (known.contains(name)) return true;
  if (!kind.are_values || !index_) return false;
  const int id = index_->id_of(name);
  return index_->producer(id).node >= 0 || !index_->consumers(id).empty() || index_->initializer(id) ||
         index_->is_input(id) || index_->is_output(id);
}

std::string TakenNames::fresh(const std::string& base, Kind& kind) {
  Names& taken = known(kind, base);
  std::string name = base;
  for (int i = 2; is_taken(kind, taken, name); ++i) name = base + "_" + std::to_string(i);
  taken.insert(name);
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
