#include <cmath>

#include "engine/cpu/fusion.h"

namespace lapidary::cpu {
namespace {

LoweredNode element_node(const std::string& op, const LoweredNode& origin, std::vector<ValueId> inputs,
                         ValueId output) {
  LoweredNode made;
  made.op = op;
  made.shown = origin.shown;
  made.node = origin.node;
  made.inputs = std::move(inputs);
  made.outputs = {output};
  made.origins = origin.origins;
  made.labels = origin.labels;
  return made;
}

bool is_inference(const LoweredNode& node) {
  const bool trains = node.node->attribute_or("training_mode", std::int64_t{0}) != 0;
  bool one_output = true;
  for (std::size_t i = 1; i < node.outputs.size(); ++i) one_output = one_output && node.outputs[i] < 0;
  return !trains && one_output && node.record->since_version >= 7;
}

/// [C] numbers as [C, 1, 1, …], so that they broadcast along the channels of a value of that rank.
Tensor per_channel(const std::vector<float>& numbers, std::size_t rank) {
  Dims dims(rank - 1, 1);
  dims[0] = static_cast<std::int64_t>(numbers.size());
  return Tensor::of(dims, numbers);
}

}  // namespace

void expand_batch_normalization(LoweredGraph& graph) {
  std::vector<LoweredNode> rewritten;
  bool changed = false;
  const int count = static_cast<int>(graph.nodes.size());
  for (int i = 0; i < count; ++i) {
    const LoweredNode node = graph.nodes[i];
    if (node.op != "BatchNormalization" || node.dead || !is_inference(node) ||
        !graph.is_float(node.inputs[0]) || !graph.constant(node, 1) || !graph.constant(node, 2) ||
        !graph.constant(node, 3) || !graph.constant(node, 4) || graph.input(node, 0).dims.size() < 2 ||
        graph.constant(node, 1)->type() != DataType::Float32 ||
        graph.constant(node, 3)->type() != DataType::Float32) {
      rewritten.push_back(node);
      continue;
    }
    changed = true;
    const auto scale = values_as<float>(*graph.constant(node, 1)),
               bias = values_as<float>(*graph.constant(node, 2));
    const auto mean = values_as<float>(*graph.constant(node, 3)),
               variance = values_as<float>(*graph.constant(node, 4));
    const float epsilon = node.node->attribute_or("epsilon", 1e-5f);
    std::vector<float> s(scale.size()), t(scale.size());
    for (std::size_t c = 0; c < s.size(); ++c) {
      s[c] = scale[c] / std::sqrt(variance[c] + epsilon);
      t[c] = bias[c] - mean[c] * s[c];
    }
    const std::size_t rank = graph.input(node, 0).dims.size();
    const ValueId s_id = graph.add_constant("", per_channel(s, rank)),
                  t_id = graph.add_constant("", per_channel(t, rank));
    const ValueId scaled = graph.add_value(graph.output(node).name);
    graph.values[scaled].element = DataType::Float32;
    graph.values[scaled].dims = graph.output(node).dims;
    graph.values[scaled].is_static = true;
    rewritten.push_back(element_node("Mul", node, {node.inputs[0], s_id}, scaled));
    rewritten.push_back(element_node("Add", node, {scaled, t_id}, node.outputs[0]));
    rewritten.back().shown.clear();
  }
  if (!changed) return;
  graph.replace_nodes(std::move(rewritten));
}

namespace {

/// The node that reads `value` in operator `op`, if only one node reads it.
int single_reader(const LoweredGraph& graph, ValueId value, const std::string& op) {
  const LoweredValue& read = graph.values[value];
  if (read.is_output || read.consumers.empty()) return -1;
  for (const int consumer : read.consumers)
    if (consumer != read.consumers[0]) return -1;
  return graph.nodes[read.consumers[0]].op == op ? read.consumers[0] : -1;
}

bool reduces_last_axis(const LoweredGraph& graph, const LoweredNode& node) {
  const auto rank = static_cast<std::int64_t>(graph.input(node, 0).dims.size());
  auto axes = node.node->attribute_or("axes", std::vector<std::int64_t>{});
  if (const Tensor* given = graph.constant(node, 1)) axes = values_as<std::int64_t>(*given);
  return node.node->attribute_or("keepdims", std::int64_t{1}) == 1 && axes.size() == 1 &&
         (axes[0] == -1 || axes[0] == rank - 1);
}

/// The nodes of one spelled-out LayerNormalization.
struct SpelledOut {
  std::vector<int> nodes;
  float epsilon = 0;
  ValueId scale = -1, bias = -1, output = -1;
};

/// Follows x − mean from the Sub on: Pow 2 (or x·x), ReduceMean, Add epsilon, Sqrt, Div.
std::optional<SpelledOut> follow(const LoweredGraph& graph, int mean, int difference) {
  SpelledOut found;
  found.nodes = {mean, difference};
  const ValueId centred = graph.nodes[difference].outputs[0];
  int square = -1;
  for (const int consumer : graph.values[centred].consumers) {
    const LoweredNode& node = graph.nodes[consumer];
    const bool squares = (node.op == "Pow" && graph.scalar(node, 1) == 2.0f) ||
                         (node.op == "Mul" && node.inputs[0] == node.inputs[1]);
    if (squares) square = consumer;
  }
  if (square < 0 || graph.values[centred].is_output) return std::nullopt;
  found.nodes.push_back(square);
  for (const char* op : {"ReduceMean", "Add", "Sqrt", "Div"}) {
    const int next = single_reader(graph, graph.nodes[found.nodes.back()].outputs[0], op);
    if (next < 0) return std::nullopt;
    found.nodes.push_back(next);
  }
  const LoweredNode& variance = graph.nodes[found.nodes[3]];
  const LoweredNode& add = graph.nodes[found.nodes[4]];
  const LoweredNode& quotient = graph.nodes[found.nodes[6]];
  const auto epsilon = graph.scalar(add, 0) ? graph.scalar(add, 0) : graph.scalar(add, 1);
  if (!epsilon || !reduces_last_axis(graph, variance) || quotient.inputs[0] != centred) return std::nullopt;
  for (const int consumer : graph.values[centred].consumers)
    if (consumer != square && consumer != found.nodes[6]) return std::nullopt;
  found.epsilon = *epsilon;
  return found;
}

/// A constant float vector as long as the last axis, at either input of an element-wise node; -1 otherwise.
ValueId last_axis_constant(const LoweredGraph& graph, const LoweredNode& node) {
  const std::int64_t length = graph.output(node).dims.back();
  for (std::size_t slot = 0; slot < 2; ++slot) {
    const Tensor* constant = graph.constant(node, slot);
    if (constant && constant->type() == DataType::Float32 && constant->size() == length &&
        !constant->dims().empty() && constant->dims().back() == length)
      return node.inputs[slot];
  }
  return -1;
}

void take_scale_and_bias(LoweredGraph& graph, SpelledOut& found) {
  const int mul = single_reader(graph, graph.nodes[found.nodes.back()].outputs[0], "Mul");
  if (mul < 0 || (found.scale = last_axis_constant(graph, graph.nodes[mul])) < 0) return;
  found.nodes.push_back(mul);
  const int add = single_reader(graph, graph.nodes[mul].outputs[0], "Add");
  if (add < 0 || (found.bias = last_axis_constant(graph, graph.nodes[add])) < 0) return;
  found.nodes.push_back(add);
}

void replace_by_layer_normalization(LoweredGraph& graph, ValueId x, const SpelledOut& found) {
  auto attributes = std::make_shared<Node>();
  attributes->op_type = "LayerNormalization";
  attributes->attributes.resize(2);
  attributes->attributes[0].name = "axis";
  attributes->attributes[0].value = std::int64_t{-1};
  attributes->attributes[1].name = "epsilon";
  attributes->attributes[1].value = found.epsilon;
  LoweredNode made;
  made.op = made.shown = "LayerNormalization";
  made.node = attributes;
  for (const int node : found.nodes) LoweredGraph::absorb(made, graph.nodes[node]);
  ValueId scale = found.scale;
  if (scale < 0) {
    const auto length = graph.values[x].dims.back();
    scale = graph.add_constant(
        "", Tensor::of({length}, std::vector<float>(static_cast<std::size_t>(length), 1.0f)));
  }
  made.inputs = {x, scale, found.bias};
  const int last = found.nodes.back();
  made.outputs = {graph.nodes[last].outputs[0]};
  for (const int node : found.nodes) graph.disconnect(node);
  graph.nodes[last] = std::move(made);
  graph.connect(last);
}

}  // namespace

void recognize_layer_normalization(LoweredGraph& graph) {
  for (int i = 0; i < static_cast<int>(graph.nodes.size()); ++i) {
    const LoweredNode& mean = graph.nodes[i];
    if (mean.dead || mean.op != "ReduceMean" || !graph.is_float(mean.inputs[0]) ||
        !reduces_last_axis(graph, mean))
      continue;
    const int difference = single_reader(graph, mean.outputs[0], "Sub");
    if (difference < 0 || graph.nodes[difference].inputs[0] != mean.inputs[0] ||
        graph.nodes[difference].inputs[1] != mean.outputs[0])
      continue;
    auto found = follow(graph, i, difference);
    if (!found) continue;
    take_scale_and_bias(graph, *found);
    replace_by_layer_normalization(graph, mean.inputs[0], *found);
  }
}

}  // namespace lapidary::cpu
