#include "engine/model/graph_index.h"

#include <algorithm>
#include <queue>
#include <unordered_set>

namespace lapidary {

GraphIndex::GraphIndex(const Graph& graph) {
  entries_.reserve(graph.nodes.size() * 2 + graph.initializers.size());
  for (const auto& input : graph.inputs) {
    entries_[input.name].input = true;
    entries_[input.name].type = &input.type;
  }
  for (const auto& output : graph.outputs) {
    entries_[output.name].output = true;
    entries_[output.name].type = &output.type;
  }
  for (const auto& value : graph.value_infos) entries_[value.name].type = &value.type;
  for (const auto& tensor : graph.initializers) entries_[tensor->name].initializer = tensor.get();
  int position = 0;
  for (const auto& node : graph.nodes) {
    for (int slot = 0; slot < static_cast<int>(node->inputs.size()); ++slot)
      if (!node->inputs[slot].empty()) entries_[node->inputs[slot]].consumers.push_back({position, slot});
    for (int slot = 0; slot < static_cast<int>(node->outputs.size()); ++slot)
      if (!node->outputs[slot].empty()) entries_[node->outputs[slot]].producer = {position, slot};
    ++position;
  }
  sort(graph);
}

void GraphIndex::sort(const Graph& graph) {
  const int count = static_cast<int>(graph.nodes.size());
  std::vector<int> waiting(count, 0);
  std::vector<std::vector<int>> readers(count);
  const auto depend = [&](int reader, const Entry& entry) {
    if (entry.producer.node < 0) return;
    ++waiting[reader];
    readers[entry.producer.node].push_back(reader);
  };
  for (const auto& [name, entry] : entries_)
    for (const Use& use : entry.consumers) depend(use.node, entry);
  int position = 0;
  for (const auto& node : graph.nodes) {
    for (const auto& [attribute, body] : subgraphs_of(*node))
      for (const auto& name : outer_names(*body))
        if (const Entry* entry = find(name)) depend(position, *entry);
    ++position;
  }
  // The lowest position first, so that a sorted file keeps its order.
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (int i = 0; i < count; ++i)
    if (waiting[i] == 0) ready.push(i);
  order_.reserve(count);
  while (!ready.empty()) {
    const int next = ready.top();
    ready.pop();
    order_.push_back(next);
    for (const int reader : readers[next])
      if (--waiting[reader] == 0) ready.push(reader);
  }
}

const GraphIndex::Entry* GraphIndex::find(std::string_view value) const {
  const auto found = entries_.find(value);
  return found == entries_.end() ? nullptr : &found->second;
}

GraphIndex::Use GraphIndex::producer(std::string_view value) const {
  const Entry* entry = find(value);
  return entry ? entry->producer : Use{-1, -1};
}

const std::vector<GraphIndex::Use>& GraphIndex::consumers(std::string_view value) const {
  static const std::vector<Use> none;
  const Entry* entry = find(value);
  return entry ? entry->consumers : none;
}

const NamedTensor* GraphIndex::initializer(std::string_view value) const {
  const Entry* entry = find(value);
  return entry ? entry->initializer : nullptr;
}

bool GraphIndex::is_input(std::string_view value) const {
  const Entry* entry = find(value);
  return entry && entry->input;
}

bool GraphIndex::is_output(std::string_view value) const {
  const Entry* entry = find(value);
  return entry && entry->output;
}

const Type* GraphIndex::declared_type(std::string_view value) const {
  const Entry* entry = find(value);
  return entry ? entry->type : nullptr;
}

std::vector<std::string> outer_names(const Graph& graph) {
  std::unordered_set<std::string_view> defined;
  for (const auto& input : graph.inputs) defined.insert(input.name);
  for (const auto& tensor : graph.initializers) defined.insert(tensor->name);
  for (const auto& tensor : graph.sparse_initializers) defined.insert(tensor->name);
  for (const auto& node : graph.nodes) defined.insert(node->outputs.begin(), node->outputs.end());

  std::vector<std::string> names;
  std::unordered_set<std::string> seen;
  const auto add = [&](const std::string& name) {
    if (!name.empty() && !defined.contains(name) && seen.insert(name).second) names.push_back(name);
  };
  for (const auto& node : graph.nodes) {
    for (const auto& name : node->inputs) add(name);
    for (const auto& [attribute, body] : subgraphs_of(*node))
      for (const auto& name : outer_names(*body)) add(name);
  }
  for (const auto& output : graph.outputs) add(output.name);
  return names;
}

}  // namespace lapidary
