#include "engine/passes/all_passes.h"
#include "engine/passes/constants.h"

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

void rewrite(GraphRewriter& graph) {
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const Node* add = graph.node(i);
    if (!add || !is_standard(*add, "Add") || add->inputs.size() != 2 || graph.opset() < 7) continue;
    const std::size_t side = graph.constant(add->inputs[0]) ? 1 : 0;
    const Node* product = graph.producer_of_type(add->inputs[side], "MatMul");
    const NamedTensor* bias = graph.constant(add->inputs[1 - side]);
    if (!product || !bias || !graph.is_private(add->inputs[side]) || !is_matrix(graph, product->inputs[0]))
      continue;
    const NamedTensor* weights = graph.constant(product->inputs[1]);
    if (!weights || weights->tensor.rank() != 2 || !is_floating(weights->tensor.type()) ||
        !fits_columns(bias->tensor, weights->tensor) || !graph.admit(*add))
      continue;
    graph.replace(i,
                  node_like(*product, "Gemm", {product->inputs[0], product->inputs[1], add->inputs[1 - side]},
                            add->outputs));
  }
}

}  // namespace

/// MatMul(x, W) + b → Gemm(x, W, b) where x is a matrix, W a constant one, and b has a number for each
/// column. Not for products of more dimensions, where Reshapes around it would cost what Gemm saves.
PassResult fuse_gemm(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
