#include <algorithm>
#include <numeric>

#include "engine/ops/operator_table.h"
#include "engine/passes/all_passes.h"
#include "engine/passes/constants.h"

namespace lapidary {
namespace {

using Permutation = std::vector<std::int64_t>;  ///< axis i of the result is axis perm[i] of the input

constexpr int most_depth = 16;

/// The node's permutation, its default spelled out; nothing where the rank is not known, or it is no
/// permutation.
std::optional<Permutation> permutation_of(const GraphRewriter& graph, const Node& node) {
  Permutation perm = node.attribute_or("perm", Permutation());
  if (perm.empty()) {
    const auto shape = graph.shape_of_value(node.inputs[0]);
    if (!shape) return std::nullopt;
    perm.resize(shape->size());
    std::iota(perm.rbegin(), perm.rend(), 0);
  }
  Permutation sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i)
    if (sorted[i] != static_cast<std::int64_t>(i)) return std::nullopt;
  return perm;
}

/// What `first` and then `second` do.
Permutation composed(const Permutation& first, const Permutation& second) {
  Permutation result;
  for (const std::int64_t axis : second) result.push_back(first[static_cast<std::size_t>(axis)]);
  return result;
}

bool is_identity(const Permutation& perm) { return std::is_sorted(perm.begin(), perm.end()); }

/// Element by element, with broadcasting: the same whichever order the axes are in.
bool is_element_wise(const GraphRewriter& graph, const Node& node) {
  const Operator* record = graph.record(node);
  if (!record || !record->domain.empty() || node.outputs.size() != 1 || graph.opset() < 7) return false;
  if (record->kind != OperatorKind::ElementWise && record->kind != OperatorKind::Activation) return false;
  return !record->find_attribute("axis") && !record->find_attribute("interleaved") &&
         node.op_type != "BitCast";
}

/// Works along one axis, which is all that changes with the order of the axes.
bool has_one_axis(const GraphRewriter& graph, const Node& node) {
  if (is_standard(node, "Concat")) return graph.opset() >= 4 && node.find_attribute("axis");
  return graph.opset() >= 13 && (is_standard(node, "Softmax") || is_standard(node, "LogSoftmax"));
}

/// Brings a value into another order of its axes by changing what makes it, up to Transposes that do the
/// opposite.
class Puller {
 public:
  Puller(GraphRewriter& graph, Permutation perm) : graph_(graph), perm_(std::move(perm)) {}

  /// True if `value` can be had in the new order without a Transpose.
  bool can(const std::string& value, int depth = 0) const {
    if (const NamedTensor* constant = graph_.constant(value)) return can_turn(constant->tensor);
    const Node* node = producer(value);
    if (!node) return false;
    if (is_standard(*node, "Transpose")) return undoes(*node);
    if (depth == most_depth || !graph_.is_private(value)) return false;
    if (!is_element_wise(graph_, *node) && !has_one_axis(graph_, *node)) return false;
    return std::all_of(node->inputs.begin(), node->inputs.end(), [&](const std::string& input) {
      return input.empty() || (has_rank(input) && can(input, depth + 1));
    });
  }

  /// The name of the value in the new order; `wanted` is the name to give it, or empty.
  std::string pull(const std::string& value, const std::string& wanted) {
    if (const NamedTensor* constant = graph_.constant(value))
      return constant->tensor.size() == 1 ? value
                                          : graph_.add_constant(value + "_turned", turned(constant->tensor));
    const Node* node = producer(value);
    if (is_standard(*node, "Transpose")) return node->inputs[0];
    const auto position = static_cast<std::size_t>(graph_.producer(value));
    Node changed = *node;
    for (auto& input : changed.inputs)
      if (!input.empty()) input = pull(input, "");
    changed.outputs[0] = wanted.empty() ? graph_.fresh_name(value + "_turned") : wanted;
    if (has_one_axis(graph_, *node))
      set_attribute(changed, "axis", new_axis(node->attribute_or("axis", std::int64_t{-1})));
    const std::string name = changed.outputs[0];
    graph_.replace(position, std::move(changed));
    return name;
  }

 private:
  const Node* producer(const std::string& value) const {
    const int position = graph_.producer(value);
    return position < 0 ? nullptr : graph_.node(static_cast<std::size_t>(position));
  }
  bool undoes(const Node& transpose) const {
    const auto first = permutation_of(graph_, transpose);
    return first && first->size() == perm_.size() && is_identity(composed(*first, perm_));
  }
  bool has_rank(const std::string& value) const {
    const auto shape = graph_.shape_of_value(value);
    return shape && (shape->size() == perm_.size() || graph_.constant(value));
  }
  bool can_turn(const Tensor& tensor) const {
    return tensor.size() == 1 ||
           (static_cast<std::size_t>(tensor.rank()) <= perm_.size() && !is_sub_byte(tensor.type()) &&
            static_cast<std::int64_t>(tensor.size_bytes()) <= graph_.context().fold_limit_bytes);
  }
  Tensor turned(const Tensor& tensor) const {
    Dims dims(perm_.size() - static_cast<std::size_t>(tensor.rank()), 1);
    dims.insert(dims.end(), tensor.dims().begin(), tensor.dims().end());
    Node transpose;
    transpose.op_type = "Transpose";
    transpose.inputs = {"x"};
    transpose.outputs = {"y"};
    set_attribute(transpose, "perm", perm_);
    const Operator* record = operator_table().find("", "Transpose", graph_.opset());
    KernelContext kernel(transpose, record->since_version, {Datum(tensor.aligned().reshaped(dims))});
    record->kernel_function(kernel);
    return kernel.take_outputs()[0].tensor();
  }
  std::int64_t new_axis(std::int64_t axis) const {
    if (axis < 0) axis += static_cast<std::int64_t>(perm_.size());
    return std::find(perm_.begin(), perm_.end(), axis) - perm_.begin();
  }

  GraphRewriter& graph_;
  Permutation perm_;
};

/// Takes the Transpose away where what makes its input can do without it.
void cancel(GraphRewriter& graph, std::size_t position, const Permutation& perm) {
  const Node* node = graph.node(position);
  const std::string source = node->inputs[0], output = node->outputs[0];
  Puller puller(graph, perm);
  if (graph.constant(source) || !puller.can(source)) return;
  if (const Node* before = graph.producer_of_type(source, "Transpose")) {
    if (graph.can_bypass(output, before->inputs[0]) && graph.admit(*node))
      graph.bypass(position, output, std::string(before->inputs[0]));
    return;
  }
  if (!graph.admit(*node)) return;
  graph.erase(position);
  puller.pull(source, output);
}

/// Transpose of Transpose → one.
bool merge(GraphRewriter& graph, std::size_t position, const Permutation& perm) {
  const Node* second = graph.node(position);
  const Node* first = graph.producer_of_type(second->inputs[0], "Transpose");
  if (!first || !graph.is_private(second->inputs[0])) return false;
  const auto before = permutation_of(graph, *first);
  if (!before || before->size() != perm.size() || !graph.admit(*second)) return false;
  Node changed = *second;
  changed.inputs = {first->inputs[0]};
  set_attribute(changed, "perm", composed(*before, perm));
  graph.replace(position, std::move(changed));
  return true;
}

void rewrite(GraphRewriter& graph) {
  const std::size_t count = graph.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Node* node = graph.node(i);
    if (!node || !is_standard(*node, "Transpose") || node->inputs.size() != 1) continue;
    const auto perm = permutation_of(graph, *node);
    if (perm && !merge(graph, i, *perm)) cancel(graph, i, *perm);
  }
}

}  // namespace

/// Transpose(f(Transpose(x))) → f(x) where the second undoes the first and f is element-wise, Concat, Softmax
/// or LogSoftmax, or a tree of these over Transposes and constants; Transpose(Transpose(x)) → one Transpose.
/// Not where somebody else reads what lies between, or another operand comes as it is.
PassResult merge_transposes(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
