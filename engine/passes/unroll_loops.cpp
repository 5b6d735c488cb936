#include <algorithm>

#include "engine/passes/all_passes.h"
#include "engine/passes/constants.h"
#include "engine/passes/inline_body.h"

namespace lapidary {
namespace {

constexpr std::int64_t most_turns = 8;
constexpr std::size_t most_nodes = 256;  ///< that all turns together come to

/// True if the body says at the end of every turn what it was told at its begin, or true.
bool goes_on(const Graph& body) {
  const std::string& name = body.outputs[0].name;
  if (name == body.inputs[1].name) return true;
  const auto is_true = [](const Tensor& tensor) {
    return tensor.type() == DataType::Bool && tensor.size() == 1 && values_as<int>(tensor)[0] != 0;
  };
  for (const auto& tensor : body.initializers)
    if (tensor->name == name) return is_true(tensor->tensor);
  for (const auto& node : body.nodes) {
    if (std::find(node->outputs.begin(), node->outputs.end(), name) == node->outputs.end()) continue;
    if (is_standard(*node, "Identity")) return node->inputs[0] == body.inputs[1].name;
    const auto value = node->attribute_or("value", std::shared_ptr<const NamedTensor>());
    return is_standard(*node, "Constant") && value && is_true(value->tensor);
  }
  return false;
}

/// A Loop whose number of turns is known.
struct Unrolling {
  GraphPointer body;
  std::int64_t turns;
  std::size_t carried, scanned;  ///< outputs of the two kinds
};

std::optional<Unrolling> unrolling_of(const GraphRewriter& graph, const Node& node) {
  const GraphPointer body = node.attribute_or("body", GraphPointer());
  if (!body || node.inputs.size() < 2 || !can_inline(*body) || graph.opset() < 7) return std::nullopt;
  const std::size_t carried = node.inputs.size() - 2;
  if (body->inputs.size() != carried + 2 || body->outputs.size() < carried + 1) return std::nullopt;
  const auto turns = constant_number(graph, node.inputs[0]);
  const std::string& condition = node.inputs[1];
  if (!turns || *turns < 1 || *turns > most_turns || !goes_on(*body)) return std::nullopt;
  if (!condition.empty() && constant_number(graph, condition) != 1.0) return std::nullopt;
  if (body->nodes.size() * static_cast<std::size_t>(*turns) > most_nodes) return std::nullopt;
  return Unrolling{body, static_cast<std::int64_t>(*turns), carried, body->outputs.size() - 1 - carried};
}

/// A number or flag in the rank that the body declares for its input.
Tensor in_declared_rank(const Value& input, const Tensor& scalar) {
  return input.type.shape && input.type.shape->size() == 1 ? scalar.reshaped({1}) : scalar;
}

/// What one turn makes of a scan output, with an axis in front for the turns.
std::string with_axis(GraphRewriter& graph, std::size_t position, const std::string& value) {
  Node node;
  node.op_type = "Unsqueeze";
  node.inputs = {value};
  node.outputs = {graph.fresh_name(value + "_turn")};
  if (graph.opset() < 13)
    set_attribute(node, "axes", std::vector<std::int64_t>{0});
  else
    node.inputs.push_back(graph.add_constant("axis_of_turns", integers_tensor({0})));
  const std::string name = node.outputs[0];
  graph.insert_before(position, std::move(node));
  return name;
}

void unroll(GraphRewriter& graph, std::size_t position, const Unrolling& loop) {
  const Node& node = *graph.node(position);
  graph.erase(position);
  std::vector<std::string> carried(node.inputs.begin() + 2, node.inputs.end());
  std::vector<std::vector<std::string>> scanned(loop.scanned);
  for (std::int64_t turn = 0; turn < loop.turns; ++turn) {
    std::vector<std::string> inputs = {
        graph.add_constant("turn", in_declared_rank(loop.body->inputs[0], Tensor::scalar(turn))),
        graph.add_constant("goes_on",
                           in_declared_rank(loop.body->inputs[1], Tensor::of({}, std::vector<bool>{true})))};
    inputs.insert(inputs.end(), carried.begin(), carried.end());
    const bool last = turn + 1 == loop.turns;
    std::vector<std::string> outputs(loop.carried + 1);
    for (std::size_t i = 0; last && i < std::min(loop.carried, node.outputs.size()); ++i)
      outputs[i + 1] = node.outputs[i];
    const auto results = inline_body(graph, position, *loop.body, inputs, outputs, "");
    carried.assign(results.begin() + 1, results.begin() + 1 + static_cast<std::ptrdiff_t>(loop.carried));
    for (std::size_t i = 0; i < loop.scanned; ++i)
      if (const std::size_t output = loop.carried + i;
          output < node.outputs.size() && !node.outputs[output].empty())
        scanned[i].push_back(with_axis(graph, position, results[loop.carried + 1 + i]));
  }
  for (std::size_t i = 0; i < loop.scanned; ++i) {
    if (scanned[i].empty()) continue;
    Node joined;
    joined.op_type = "Concat";
    joined.inputs = scanned[i];
    joined.outputs = {node.outputs[loop.carried + i]};
    set_attribute(joined, "axis", std::int64_t{0});
    graph.insert_before(position, std::move(joined));
  }
}

void rewrite(GraphRewriter& graph) {
  const std::size_t count = graph.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Node* node = graph.node(i);
    if (!node || !is_standard(*node, "Loop")) continue;
    const auto loop = unrolling_of(graph, *node);
    if (loop && graph.admit(*node)) unroll(graph, i, *loop);
  }
}

}  // namespace

/// Loop(n, true) with a small constant n → its body n times, one after the other; scan outputs are joined by
/// Concat. Not where the body may end the loop, all turns come to many nodes, or the body has sparse weights.
PassResult unroll_loops(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
