#include "engine/cpu/lowered_graph.h"

#include <algorithm>

namespace lapidary::cpu {

ValueId LoweredGraph::add_value(std::string name) {
  values.emplace_back();
  values.back().name = std::move(name);
  return static_cast<ValueId>(values.size()) - 1;
}

ValueId LoweredGraph::add_constant(std::string name, Tensor tensor) {
  const ValueId id = add_value(std::move(name));
  LoweredValue& value = values[id];
  value.element = tensor.type();
  value.dims = tensor.dims();
  value.is_static = true;
  value.constant = std::move(tensor);
  return id;
}

const Tensor* LoweredGraph::constant(const LoweredNode& node, std::size_t slot) const {
  if (!has_input(node, slot) || !input(node, slot).is_constant()) return nullptr;
  return &input(node, slot).constant;
}

std::optional<float> LoweredGraph::scalar(const LoweredNode& node, std::size_t slot) const {
  const Tensor* tensor = constant(node, slot);
  if (!tensor || !is_floating(tensor->type()) || bits_of(tensor->type()) < 16 || tensor->size() != 1)
    return std::nullopt;
  return values_as<float>(*tensor)[0];
}

int LoweredGraph::only_consumer(const LoweredNode& node) const {
  if (node.outputs.empty() || node.outputs[0] < 0) return -1;
  const LoweredValue& value = output(node);
  if (value.is_output || value.consumers.size() != 1) return -1;
  return value.consumers[0];
}

LoweredNode* LoweredGraph::producer(ValueId value) {
  if (value < 0 || values[value].producer < 0) return nullptr;
  return &nodes[values[value].producer];
}

LoweredNode* LoweredGraph::private_producer(ValueId value) {
  LoweredNode* node = producer(value);
  return node && only_consumer(*node) >= 0 && node->outputs[0] == value ? node : nullptr;
}

void LoweredGraph::connect(int node) {
  for (const ValueId id : nodes[node].inputs)
    if (id >= 0) values[id].consumers.push_back(node);
  for (const ValueId id : nodes[node].outputs)
    if (id >= 0) values[id].producer = node;
}

namespace {

/// Takes one entry out; a node that reads a value twice stands there twice.
void remove_consumer(LoweredValue& value, int node) {
  const auto found = std::find(value.consumers.begin(), value.consumers.end(), node);
  if (found != value.consumers.end()) value.consumers.erase(found);
}

}  // namespace

void LoweredGraph::disconnect(int node) {
  nodes[node].dead = true;
  for (const ValueId id : nodes[node].inputs)
    if (id >= 0) remove_consumer(values[id], node);
  for (const ValueId id : nodes[node].outputs)
    if (id >= 0 && values[id].producer == node) values[id].producer = -1;
}

void LoweredGraph::set_input(int node, std::size_t slot, ValueId value) {
  const ValueId before = nodes[node].inputs[slot];
  if (before >= 0) remove_consumer(values[before], node);
  nodes[node].inputs[slot] = value;
  if (value >= 0) values[value].consumers.push_back(node);
}

int LoweredGraph::append_input(int node, ValueId value) {
  nodes[node].inputs.push_back(value);
  values[value].consumers.push_back(node);
  return static_cast<int>(nodes[node].inputs.size()) - 1;
}

void LoweredGraph::replace(ValueId from, ValueId to) {
  for (const int consumer : values[from].consumers) {
    for (ValueId& id : nodes[consumer].inputs)
      if (id == from) id = to;
    values[to].consumers.push_back(consumer);
  }
  values[from].consumers.clear();
  for (ValueId& id : outputs)
    if (id == from) id = to;
  if (values[from].is_output) values[to].is_output = true;
}

void LoweredGraph::absorb(LoweredNode& into, const LoweredNode& from) {
  const auto add = [](auto& list, const auto& more) {
    for (const auto& item : more)
      if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
  };
  add(into.origins, from.origins);
  add(into.labels, from.labels);
}

void LoweredGraph::replace_nodes(std::vector<LoweredNode> others) {
  nodes = std::move(others);
  for (LoweredValue& value : values) {
    value.producer = -1;
    value.consumers.clear();
  }
  for (int i = 0; i < static_cast<int>(nodes.size()); ++i)
    if (!nodes[i].dead) connect(i);
}

void LoweredGraph::remove_dead() {
  for (int i = static_cast<int>(nodes.size()) - 1; i >= 0; --i) {
    if (nodes[i].dead) continue;
    const bool needed = std::any_of(nodes[i].outputs.begin(), nodes[i].outputs.end(), [&](ValueId id) {
      return id >= 0 && (values[id].is_output || !values[id].consumers.empty());
    });
    if (!needed) disconnect(i);
  }
}

}  // namespace lapidary::cpu
