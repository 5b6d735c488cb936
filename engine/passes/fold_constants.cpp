#include <algorithm>

#include "engine/ops/operator_table.h"
#include "engine/passes/all_passes.h"
#include "engine/passes/graph_rewriter.h"

namespace lapidary {
namespace {

/// The contents of a value, if they are known before the model runs; absent otherwise.
Tensor known(const GraphRewriter& graph, const std::string& name) {
  if (const NamedTensor* constant = graph.constant(name)) return constant->tensor;
  const ValueFacts* facts = graph.facts(name);
  return facts ? facts->constant : Tensor();
}

/// Bytes that go from the file when the node is folded: constants that only this node reads.
std::int64_t freed_bytes(const GraphRewriter& graph, const Node& node) {
  std::int64_t bytes = 0;
  for (const auto& name : node.inputs)
    if (const NamedTensor* constant = graph.constant(name); constant && graph.use_count(name) == 1)
      bytes += static_cast<std::int64_t>(constant->tensor.size_bytes());
  return bytes;
}

bool has_room(GraphRewriter& graph, const Node& node, std::int64_t bytes) {
  if (bytes <= std::max(graph.context().fold_limit_bytes, freed_bytes(graph, node))) return true;
  graph.note("left " + node.label() + " unfolded: its constant result would take " + std::to_string(bytes) +
             " bytes in the file; a higher fold limit allows it");
  return false;
}

std::int64_t bytes_of(const Type& type) {
  if (!type.is_tensor() || !type.shape || type.element == DataType::String) return 0;
  const auto dims = constant_dims(*type.shape);
  return dims ? (element_count(*dims) * bits_of(type.element) + 7) / 8 : 0;
}

/// DequantizeLinear stays, since runtimes look for it; so does what is random or runs a graph.
bool may_run(const GraphRewriter& graph, const Node& node) {
  const Operator* record = graph.record(node);
  return record && record->kernel_function && record->is_deterministic && !record->is_deprecated &&
         !is_standard(node, "DequantizeLinear") && subgraphs_of(node).empty();
}

/// What the node makes, by output, if all that it reads is constant; empty if that cannot be told.
std::vector<Tensor> results(GraphRewriter& graph, const Node& node) {
  std::vector<Tensor> found;
  for (const auto& name : node.outputs) found.push_back(name.empty() ? Tensor() : known(graph, name));
  const auto is_known = [&](std::size_t i) { return node.outputs[i].empty() || found[i].is_present(); };
  bool all = true;
  for (std::size_t i = 0; i < found.size(); ++i) all = all && is_known(i);
  if (all) return found;
  if (!may_run(graph, node)) return {};
  std::vector<Datum> inputs;
  for (const auto& name : node.inputs) {
    inputs.emplace_back(name.empty() ? Tensor() : known(graph, name).aligned());
    if (!name.empty() && !inputs.back().is_present()) return {};
  }
  std::int64_t expected = 0;
  for (const auto& name : node.outputs) expected += bytes_of(graph.type_of(name));
  if (!has_room(graph, node, expected)) return {};
  try {
    KernelContext kernel(node, graph.record(node)->since_version, std::move(inputs));
    graph.record(node)->kernel_function(kernel);
    found.clear();
    for (auto& output : kernel.take_outputs())
      found.push_back(output.is_tensor() ? output.tensor() : Tensor());
  } catch (const std::exception&) {
    return {};  // said when the model runs
  }
  for (std::size_t i = 0; i < found.size(); ++i)
    if (!is_known(i)) return {};
  return found;
}

/// Outputs of the graph become Constant nodes, which take few types in old versions.
bool can_write(const GraphRewriter& graph, const Node& node, const std::vector<Tensor>& tensors) {
  const Operator* constant = operator_table().find("", "Constant", graph.opset());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (!graph.is_output(node.outputs[i]) && !graph.is_function_body()) continue;
    const TypeConstraint* allowed = constant ? constant->find_constraint(constant->outputs[0].type) : nullptr;
    const std::string type = constraint_text(tensors[i].full_type());
    if (!allowed || std::find(allowed->types.begin(), allowed->types.end(), type) == allowed->types.end() ||
        !graph.type_of(node.outputs[i]).is_tensor())
      return false;
  }
  return true;
}

void fold(GraphRewriter& graph, std::size_t position, std::vector<Tensor> tensors) {
  const Node& node = *graph.node(position);
  graph.erase(position);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (node.outputs[i].empty()) continue;
    NamedTensor folded;
    folded.name = node.outputs[i];
    folded.tensor = std::move(tensors[i]);
    if (!graph.is_output(folded.name)) {
      graph.add_initializer(std::move(folded));
      continue;
    }
    // An output of the graph needs a node that makes it; only one can have this node's name.
    Node constant = node_like(node, "Constant", {}, {node.outputs[i]});
    if (i > 0) constant.name.clear();
    folded.name.clear();
    set_attribute(constant, "value", std::make_shared<const NamedTensor>(std::move(folded)));
    graph.insert_before(position, std::move(constant));
  }
}

void rewrite(GraphRewriter& graph) {
  const std::size_t count = graph.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Node* node = graph.node(i);
    if (!node || node->outputs.empty()) continue;
    const bool is_constant_node = is_standard(*node, "Constant");
    if (is_constant_node && (graph.is_output(node->outputs[0]) || graph.is_function_body())) continue;
    std::vector<Tensor> tensors = results(graph, *node);
    if (tensors.empty() || !can_write(graph, *node, tensors)) continue;
    std::int64_t bytes = 0;
    for (const auto& tensor : tensors) bytes += static_cast<std::int64_t>(tensor.size_bytes());
    if (!is_constant_node && !has_room(graph, *node, bytes)) continue;
    if (graph.admit(*node)) fold(graph, i, std::move(tensors));
  }
}

}  // namespace

/// A node whose results are known before the model runs, by inference or since all that it reads is constant
/// → initializers of the same names. Kept where that would put a tensor over the limit into the file that is
/// larger than the constants which go, and where the node is random, runs a graph, or is DequantizeLinear.
PassResult fold_constants(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
