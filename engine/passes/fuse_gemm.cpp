#include "engine/passes/all_passes.h"
#include "engine/passes/constants.h"
#include "engine/passes/fusion.h"

namespace lapidary {
namespace {

bool is_matrix(const GraphRewriter& graph, const std::string& value) {
  const auto shape = graph.shape_of_value(value);
  return shape && shape->size() == 2;
}

/// One number, or one for each column: what Gemm adds to every row.
bool fits_columns(const Tensor& bias, const Tensor& weights) {
  if (bias.type() != weights.type() || bias.rank() > 2) return false;
  return bias.size() == 1 || (bias.size() == weights.dims()[1] && bias.dims().back() == weights.dims()[1]);
}

std::optional<Replacement> with_bias(const GraphRewriter& graph, const Match& found) {
  const std::string &x = found.value("x"), &weights = found.value("weights"), &bias = found.value("bias");
  const Tensor& tensor = graph.constant(weights)->tensor;
  if (!is_matrix(graph, x) || tensor.rank() != 2 || !is_floating(tensor.type()) ||
      !fits_columns(graph.constant(bias)->tensor, tensor))
    return std::nullopt;
  return Replacement{"Gemm", {x, weights, bias}};
}

/// What is added to all that a Gemm without C makes.
std::optional<Replacement> with_sum(const GraphRewriter& graph, const Match& found) {
  const Node& product = *found.nodes("product")[0];
  if (!same_shape(graph, product.outputs[0], found.value("c"))) return std::nullopt;
  Replacement made{"Gemm", {found.value("a"), found.value("b"), found.value("c")}};
  for (const auto& attribute : product.attributes)
    if (attribute.name != "beta") made.attributes.push_back(attribute);
  return made;
}

/// Gemm that turns an operand itself; `name` is its attribute for that.
std::optional<Replacement> with_turned(const char* name, const GraphRewriter& graph, const Match& found) {
  const Node& product = *found.nodes("product")[0];
  if (!is_matrix(graph, found.value("a")) || !is_matrix(graph, found.value("b"))) return std::nullopt;
  const auto perm = found.nodes("turned")[0]->attribute_or("perm", std::vector<std::int64_t>{1, 0});
  if (perm != std::vector<std::int64_t>{1, 0}) return std::nullopt;
  Node changed = product;
  set_attribute(changed, name, std::int64_t{product.attribute_or(name, std::int64_t{0}) == 0 ? 1 : 0});
  Replacement made{"Gemm", {found.value("a"), found.value("b")}, changed.attributes};
  for (std::size_t i = 2; i < product.inputs.size(); ++i) made.operands.emplace_back(product.inputs[i]);
  return made;
}

std::vector<Fusion> fusions() {
  const Pattern a = value("a"), b = value("b");
  const Pattern product = call("MatMul", {value("x"), constant("weights")});
  std::vector<Fusion> all = {
      {call("Add", {product, constant("bias")}), 7, with_bias},
      {call("Add", {call("Gemm", {a, b}).named("product"), value("c")}), 11, with_sum}};
  const auto turned = [](const Pattern& matrix) { return call("Transpose", {matrix}).named("turned"); };
  for (const char* op_type : {"MatMul", "Gemm"})
    for (const auto& [left, right, name] : {std::tuple(turned(a), b, "transA"), {a, turned(b), "transB"}})
      all.push_back({call(op_type, {left, right}).with_more_inputs().named("product"), 7,
                     [name = name](const GraphRewriter& graph, const Match& found) {
                       return with_turned(name, graph, found);
                     }});
  return all;
}

}  // namespace

/// MatMul(x, W) + b → Gemm(x, W, b) where x is a matrix, W a constant one, and b has a number for each
/// column; not for products of more dimensions, where Reshapes around it would cost what Gemm saves. Gemm(a,
/// b) + c → Gemm(a, b, c) for c of the result's sizes, and products of turned matrices → Gemm that turns
/// them.
PassResult fuse_gemm(const ModelPointer& model, const PassContext& context) {
  static const std::vector<Fusion> all = fusions();
  return fuse(model, context, all);
}

}  // namespace lapidary
