#include <cmath>

#include "engine/passes/all_passes.h"
#include "engine/passes/channel_scale.h"
#include "engine/passes/constants.h"

namespace lapidary {
namespace {

/// A convolution or product with constant weights, whose result has channels.
struct Product {
  std::size_t position;
  const Node* node;
  const Tensor* weights;
  std::vector<double> bias;  ///< one for each channel
  ChannelAxis axis;
};

/// The channel that element `i` of the weights makes.
std::size_t channel_of(const Product& product, std::size_t i) {
  const Dims& dims = product.weights->dims();
  const auto size = [&](std::size_t axis) { return static_cast<std::size_t>(dims[axis]); };
  const std::size_t all = static_cast<std::size_t>(product.weights->size());
  if (product.node->op_type == "Conv") return i / (all / size(0));
  if (product.node->op_type == "Gemm" && product.node->attribute_or("transB", std::int64_t{0}) != 0)
    return i / size(1);
  if (product.node->op_type != "ConvTranspose") return i % size(dims.size() - 1);
  // [C, M/group, …]: the channels of one group lie beside each other.
  const std::size_t each = all / size(0) / size(1), row = i / each / size(1);
  const auto groups = static_cast<std::size_t>(product.node->attribute_or("group", std::int64_t{1}));
  return row / (size(0) / groups) * size(1) + i / each % size(1);
}

std::optional<ChannelAxis> axis_of(const GraphRewriter& graph, const Node& node, const Tensor& weights) {
  const auto rank = static_cast<std::size_t>(weights.rank());
  const Dims& dims = weights.dims();
  if (weights.size() == 0 || rank < 2) return std::nullopt;
  if (is_standard(node, "Conv") && rank >= 3) return ChannelAxis{rank, 1, dims[0]};
  const std::int64_t groups = node.attribute_or("group", std::int64_t{1});
  if (is_standard(node, "ConvTranspose") && rank >= 3 && groups > 0 && dims[0] % groups == 0)
    return ChannelAxis{rank, 1, dims[1] * groups};
  if (is_standard(node, "Gemm") && rank == 2 && graph.opset() >= 7)
    return ChannelAxis{2, 1, dims[node.attribute_or("transB", std::int64_t{0}) != 0 ? 0 : 1]};
  const auto result = graph.type_of(node.outputs[0]).shape;
  if (is_standard(node, "MatMul") && rank == 2 && result && !result->empty())
    return ChannelAxis{result->size(), result->size() - 1, dims[1]};
  return std::nullopt;
}

/// The bias as one number a channel: of Gemm with beta, and zeros where there is none.
std::optional<std::vector<double>> bias_of(const GraphRewriter& graph, const Node& node,
                                           std::int64_t channels) {
  std::vector<double> bias(static_cast<std::size_t>(channels), 0.0);
  const std::string& name = input_or_empty(node, 2);
  if (name.empty() || node.op_type == "MatMul") return bias;
  const NamedTensor* constant = graph.constant(name);
  if (!constant) return std::nullopt;
  const auto values = values_as<double>(constant->tensor.aligned());
  const bool each = constant->tensor.size() == channels &&
                    (constant->tensor.rank() == 1 || constant->tensor.dims().back() == channels);
  if (values.size() != 1 && !each) return std::nullopt;
  const double beta = node.op_type == "Gemm" ? static_cast<double>(node.attribute_or("beta", 1.0f)) : 1;
  for (std::size_t c = 0; c < bias.size(); ++c) bias[c] = beta * values[values.size() == 1 ? 0 : c];
  return bias;
}

/// The product that alone feeds `value`.
std::optional<Product> product_before(const GraphRewriter& graph, const std::string& value) {
  const int position = graph.producer(value);
  if (position < 0 || !graph.is_private(value)) return std::nullopt;
  const Node* node = graph.node(static_cast<std::size_t>(position));
  const Tensor* weights = foldable_weights(graph, input_or_empty(*node, 1));
  const auto axis = weights ? axis_of(graph, *node, *weights) : std::nullopt;
  auto bias = axis ? bias_of(graph, *node, axis->channels) : std::nullopt;
  if (!bias) return std::nullopt;
  return Product{static_cast<std::size_t>(position), node, weights, std::move(*bias), *axis};
}

/// Which input of the node may be a product's result.
std::optional<Product> product_in(const GraphRewriter& graph, const Node& node) {
  for (const auto& name : node.inputs)
    if (!name.empty() && !graph.constant(name)) return product_before(graph, name);
  return std::nullopt;
}

void fold(GraphRewriter& graph, std::size_t position, const Product& product, const ChannelScale& scale) {
  Node changed = *product.node;
  const Tensor weights =
      multiplied(*product.weights, [&](std::size_t i) { return scale.factor_at(channel_of(product, i)); });
  changed.inputs[1] = graph.add_constant(changed.inputs[1] + "_folded", weights);
  if (changed.op_type != "MatMul") {
    std::vector<double> bias = product.bias;
    for (std::size_t c = 0; c < bias.size(); ++c) bias[c] = bias[c] * scale.factor_at(c) + scale.offset_at(c);
    changed.inputs.resize(3);
    changed.inputs[2] =
        graph.add_constant(product.node->inputs[1] + "_folded_bias",
                           tensor_from(weights.type(), {static_cast<std::int64_t>(bias.size())}, bias));
    remove_attribute(changed, "beta");
  }
  changed.outputs = {graph.node(position)->outputs[0]};
  graph.erase(position);
  graph.replace(product.position, std::move(changed));
}

void rewrite(GraphRewriter& graph) {
  const std::size_t count = graph.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Node* node = graph.node(i);
    if (!node || node->outputs.empty() || !may_be_channel_scale(*node)) continue;
    const auto product = product_in(graph, *node);
    if (!product) continue;
    const auto scale = channel_scale_of(graph, *node, product->axis);
    if (!scale || (scale->has_offset() && product->node->op_type == "MatMul") || !graph.admit(*node))
      continue;
    fold(graph, i, *product, *scale);
  }
}

}  // namespace

/// f·Conv(x, W, b) + o → Conv(x, f·W, f·b + o), and the same for ConvTranspose, Gemm, and without o for
/// MatMul. The scale is BatchNormalization, Mul, Div, Add or Sub of constants, with one number for each
/// channel or for all. Not where somebody else reads the product's result, weights or bias are not constant,
/// the constant varies along other axes, or the normalization is in training mode.
PassResult fold_scale_after(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
