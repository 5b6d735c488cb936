#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/passes/all_passes.h"
#include "engine/passes/graph_rewriter.h"

namespace lapidary {
namespace {

/// BatchNormalization as one multiply and add a channel: y = factor·x + offset.
struct ChannelScale {
  std::vector<double> factor, offset;
};

std::optional<ChannelScale> channel_scale(const GraphRewriter& graph, const Node& node) {
  if (node.inputs.size() < 5) return std::nullopt;
  const NamedTensor *scale = graph.constant(node.inputs[1]), *bias = graph.constant(node.inputs[2]),
                    *mean = graph.constant(node.inputs[3]), *variance = graph.constant(node.inputs[4]);
  if (!scale || !bias || !mean || !variance) return std::nullopt;
  const auto s = values_as<double>(scale->tensor.aligned()), b = values_as<double>(bias->tensor.aligned());
  const auto m = values_as<double>(mean->tensor.aligned()), v = values_as<double>(variance->tensor.aligned());
  if (s.size() != b.size() || s.size() != m.size() || s.size() != v.size()) return std::nullopt;
  const double epsilon = static_cast<double>(node.attribute_or("epsilon", 1e-5f));
  ChannelScale result;
  for (std::size_t c = 0; c < s.size(); ++c) {
    result.factor.push_back(s[c] / std::sqrt(v[c] + epsilon));
    result.offset.push_back(b[c] - m[c] * result.factor.back());
  }
  return result;
}

/// The convolution's weights [M, C/group, …] with each output channel multiplied by its factor.
Tensor scaled_weights(const Tensor& weights, const std::vector<double>& factor) {
  auto values = values_as<double>(weights.aligned());
  const std::size_t each = values.size() / factor.size();
  for (std::size_t i = 0; i < values.size(); ++i) values[i] *= factor[i / each];
  return tensor_from(weights.type(), weights.dims(), values);
}

/// Not in training mode, which versions before 7 are unless they say otherwise, and one scale a channel.
bool is_inference(const GraphRewriter& graph, const Node& node) {
  const auto flag = [&](const char* name, std::int64_t otherwise) {
    return node.attribute_or(name, otherwise) != 0;
  };
  return !flag("training_mode", 0) && flag("spatial", 1) && (graph.opset() >= 7 || flag("is_test", 0)) &&
         std::count_if(node.outputs.begin(), node.outputs.end(),
                       [](const auto& name) { return !name.empty(); }) == 1;
}

/// The convolution that alone feeds `value`, or -1.
int foldable_convolution(const GraphRewriter& graph, const std::string& value) {
  return graph.is_private(value) && graph.producer_of_type(value, "Conv") ? graph.producer(value) : -1;
}

bool fold(GraphRewriter& graph, std::size_t position) {
  const Node normalization = *graph.node(position);
  const int convolution_position = foldable_convolution(graph, normalization.inputs[0]);
  const auto scale = channel_scale(graph, normalization);
  if (convolution_position < 0 || !scale) return false;
  Node convolution = *graph.node(static_cast<std::size_t>(convolution_position));
  const NamedTensor* weights = graph.constant(convolution.inputs[1]);
  const bool has_bias = convolution.inputs.size() > 2 && !convolution.inputs[2].empty();
  const NamedTensor* bias = has_bias ? graph.constant(convolution.inputs[2]) : nullptr;
  if (!weights || (has_bias && !bias) || !is_floating(weights->tensor.type()) || weights->tensor.rank() < 3 ||
      weights->tensor.dims()[0] != static_cast<std::int64_t>(scale->factor.size()))
    return false;

  std::vector<double> folded_bias = scale->offset;
  if (bias) {
    const auto values = values_as<double>(bias->tensor.aligned());
    for (std::size_t c = 0; c < values.size(); ++c) folded_bias[c] += values[c] * scale->factor[c];
  }
  if (!graph.admit(normalization)) return false;
  convolution.inputs.resize(3);
  convolution.inputs[1] =
      graph.add_constant(weights->name + "_folded", scaled_weights(weights->tensor, scale->factor));
  convolution.inputs[2] = graph.add_constant(
      weights->name + "_folded_bias",
      tensor_from(weights->tensor.type(), {static_cast<std::int64_t>(folded_bias.size())}, folded_bias));
  convolution.outputs[0] = normalization.outputs[0];
  graph.erase(position);
  graph.replace(static_cast<std::size_t>(convolution_position), std::move(convolution));
  return true;
}

void rewrite(GraphRewriter& graph) {
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const Node* node = graph.node(i);
    if (node && is_standard(*node, "BatchNormalization") && !node->inputs.empty() &&
        is_inference(graph, *node))
      fold(graph, i);
  }
}

}  // namespace

/// BatchNormalization(Conv(x, W, b)) → Conv(x, f·W, f·b + o), with f = scale / √(variance + ε) and
/// o = bias - f·mean for each output channel. Not where somebody else reads the convolution's output, a
/// parameter is not constant, or the normalization is in training mode.
PassResult fold_batch_normalization(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
