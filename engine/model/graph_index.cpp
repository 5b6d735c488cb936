#include "engine/model/graph_index.h"

#include <algorithm>
#include <numeric>
#include <queue>
#include <unordered_set>

namespace lapidary {
namespace {

const Value* address(const Value& value) { return &value; }
const NamedTensor* address(const std::shared_ptr<const NamedTensor>& tensor) { return tensor.get(); }

}  // namespace

/// Takes the numbers of `before` as far as both lists begin alike.
template <class Element>
template <class List, class NumberOf>
void GraphIndex::Numbered<Element>::fill(const List& list, const Numbered* before, NumberOf number_of) {
  elements.reserve(list.size());
  ids.reserve(list.size());
  bool is_alike = before != nullptr;
  for (const auto& item : list) {
    const Element* element = address(item);
    const std::size_t i = elements.size();
    is_alike = is_alike && i < before->elements.size() && before->elements[i] == element;
    elements.push_back(element);
    ids.push_back(is_alike ? before->ids[i] : number_of(element->name));
  }
}

template <class NumberOf>
void GraphIndex::add_row(const Node& node, NumberOf number_of) {
  nodes_.push_back(&node);
  if (!subgraphs_of(node).empty()) with_subgraphs_.push_back(static_cast<int>(nodes_.size()) - 1);
  for (const std::string& input : node.inputs)
    inputs_.values.push_back(input.empty() ? -1 : number_of(input));
  for (const std::string& output : node.outputs)
    outputs_.values.push_back(output.empty() ? -1 : number_of(output));
  inputs_.end_row();
  outputs_.end_row();
}

template <class NumberOf>
void GraphIndex::number_lists(const Graph& graph, const GraphIndex* before, NumberOf number_of) {
  listed_.fill(graph.initializers, before ? &before->listed_ : nullptr, number_of);
  value_infos_.fill(graph.value_infos, before ? &before->value_infos_ : nullptr, number_of);
  graph_inputs_.fill(graph.inputs, nullptr, number_of);
  graph_outputs_.fill(graph.outputs, nullptr, number_of);
}

GraphIndex::GraphIndex(const Graph& graph) {
  auto names = std::make_shared<NameTable>(graph.nodes.size() * 5 / 4 + graph.initializers.size());
  const auto number_of = [&](const std::string& name) { return names->add(name); };
  nodes_.reserve(graph.nodes.size());
  for (const auto& node : graph.nodes) {
    add_row(*node, number_of);
  }
  number_lists(graph, nullptr, number_of);
  names_ = std::move(names);
  note_declarations();
  connect();
  sort();
}

GraphIndex::GraphIndex(const Graph& graph, const GraphIndex& before, const std::vector<int>& now)
    : names_(before.names_), added_(before.added_) {
  const auto number_of = [this](const std::string& name) {
    const int known = names_->find(name);
    if (known >= 0) return known;
    return added_.try_emplace(name, names_->size() + static_cast<int>(added_.size())).first->second;
  };
  std::vector<int> earlier(graph.nodes.size(), -1);
  for (std::size_t i = 0; i < now.size(); ++i)
    if (now[i] >= 0) earlier[static_cast<std::size_t>(now[i])] = static_cast<int>(i);
  nodes_.reserve(graph.nodes.size());
  for (const auto& node : graph.nodes) {
    const int position = static_cast<int>(nodes_.size()), former = earlier[nodes_.size()];
    if (former < 0 || before.nodes_[static_cast<std::size_t>(former)] != node.get()) {
      add_row(*node, number_of);
      continue;
    }
    nodes_.push_back(node.get());
    if (std::binary_search(before.with_subgraphs_.begin(), before.with_subgraphs_.end(), former))
      with_subgraphs_.push_back(position);
    for (const int input : before.inputs_of(former)) inputs_.values.push_back(input);
    for (const int output : before.outputs_of(former)) outputs_.values.push_back(output);
    inputs_.end_row();
    outputs_.end_row();
  }
  number_lists(graph, &before, number_of);
  note_declarations();
  connect();
  sort();
}

/// What the graph's lists say of the values by themselves: an input's or output's own type counts less than
/// that of an intermediate of the same name.
void GraphIndex::note_declarations() {
  const std::size_t count = static_cast<std::size_t>(names_->size()) + added_.size();
  initializers_.assign(count, nullptr);
  types_.assign(count, nullptr);
  roles_.assign(count, 0);
  const auto note = [&](const Numbered<Value>& list, std::uint8_t role) {
    for (std::size_t i = 0; i < list.ids.size(); ++i) {
      const auto id = static_cast<std::size_t>(list.ids[i]);
      types_[id] = &list.elements[i]->type;
      roles_[id] = static_cast<std::uint8_t>(roles_[id] | role);
    }
  };
  note(graph_inputs_, input_role);
  note(graph_outputs_, output_role);
  note(value_infos_, 0);
  for (std::size_t i = 0; i < listed_.ids.size(); ++i)
    initializers_[static_cast<std::size_t>(listed_.ids[i])] = listed_.elements[i];
}

/// Producers and consumers, from the nodes' rows.
void GraphIndex::connect() {
  const int count = static_cast<int>(nodes_.size());
  producers_.assign(initializers_.size(), {-1, -1});
  uses_end_.assign(initializers_.size() + 1, 0);
  for (const int id : inputs_.values)
    if (id >= 0) ++uses_end_[static_cast<std::size_t>(id) + 1];
  std::partial_sum(uses_end_.begin(), uses_end_.end(), uses_end_.begin());
  uses_.resize(static_cast<std::size_t>(uses_end_.back()));
  uses_end_.pop_back();  // where each value's uses begin, until they are filled in
  for (int node = 0; node < count; ++node) {
    int slot = 0;
    for (const int id : inputs_of(node)) {
      if (id >= 0) uses_[static_cast<std::size_t>(uses_end_[static_cast<std::size_t>(id)]++)] = {node, slot};
      ++slot;
    }
    slot = 0;
    for (const int id : outputs_of(node)) {
      if (id >= 0) producers_[static_cast<std::size_t>(id)] = {node, slot};
      ++slot;
    }
  }
}

void GraphIndex::sort() {
  const int count = static_cast<int>(nodes_.size());
  std::vector<std::pair<int, int>> outer_reads;  // producer and reader
  for (const int reader : with_subgraphs_)
    for (const auto& [attribute, body] : subgraphs_of(*nodes_[static_cast<std::size_t>(reader)]))
      for (const auto& name : outer_names(*body))
        if (const int from = producer(name).node; from >= 0) outer_reads.emplace_back(from, reader);
  const auto for_each_read = [&](const auto& visit) {
    for (int reader = 0; reader < count; ++reader)
      for (const int id : inputs_of(reader))
        if (const int from = producer(id).node; from >= 0) visit(from, reader);
    for (const auto& [from, reader] : outer_reads) visit(from, reader);
  };
  bool is_sorted = true;
  for_each_read([&](int from, int reader) { is_sorted &= from < reader; });
  if (is_sorted) {
    order_.resize(nodes_.size());
    std::iota(order_.begin(), order_.end(), 0);
    return;
  }
  std::vector<int> waiting(nodes_.size(), 0);
  std::vector<std::vector<int>> readers(nodes_.size());
  for_each_read([&](int from, int reader) {
    ++waiting[static_cast<std::size_t>(reader)];
    readers[static_cast<std::size_t>(from)].push_back(reader);
  });
  // The lowest position first, so that a file that is nearly sorted nearly keeps its order.
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (int i = 0; i < count; ++i)
    if (waiting[static_cast<std::size_t>(i)] == 0) ready.push(i);
  order_.reserve(nodes_.size());
  while (!ready.empty()) {
    const int next = ready.top();
    ready.pop();
    order_.push_back(next);
    for (const int reader : readers[static_cast<std::size_t>(next)])
      if (--waiting[static_cast<std::size_t>(reader)] == 0) ready.push(reader);
  }
}

int GraphIndex::id_of(std::string_view value) const {
  const int known = names_->find(value);
  if (known >= 0 || added_.empty()) return known;
  const auto found = added_.find(std::string(value));
  return found == added_.end() ? -1 : found->second;
}

std::span<const GraphIndex::Use> GraphIndex::consumers(int id) const {
  if (id < 0) return {};
  const auto i = static_cast<std::size_t>(id);
  const int begin = i == 0 ? 0 : uses_end_[i - 1];
  return std::span(uses_).subspan(static_cast<std::size_t>(begin),
                                  static_cast<std::size_t>(uses_end_[i] - begin));
}

const Type* GraphIndex::declared_type(std::string_view value) const {
  const int id = id_of(value);
  return id < 0 ? nullptr : types_[static_cast<std::size_t>(id)];
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
