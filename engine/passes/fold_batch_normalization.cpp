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

bool is_inference(const Node& node) {
  return node.attribute_or("training_mode", std::int64_t{0}) == 0 && node.outputs.size() == 1;
}

/// The convolution that alone feeds `value`, or -1.
int foldable_convolution(const GraphRewriter& graph, const std::string& value) {
  const int position = graph.producer(value);
  if (position < 0 || graph.use_count(value) != 1 || graph.is_output(value)) return -1;
  const Node& node = *graph.node(static_cast<std::size_t>(position));
  return node.op_type == "Conv" && normalized_domain(node.domain).empty() ? position : -1;
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
  NamedTensor new_weights, new_bias;
  new_weights.name = graph.fresh_name(weights->name + "_folded");
  new_weights.tensor = scaled_weights(weights->tensor, scale->factor);
  new_bias.name = graph.fresh_name(weights->name + "_folded_bias");
  new_bias.tensor =
      tensor_from(weights->tensor.type(), {static_cast<std::int64_t>(folded_bias.size())}, folded_bias);
  convolution.inputs.resize(3);
  convolution.inputs[1] = new_weights.name;
  convolution.inputs[2] = new_bias.name;
  convolution.outputs[0] = normalization.outputs[0];
  graph.add_initializer(std::move(new_weights));
  graph.add_initializer(std::move(new_bias));
  graph.erase(position);
  graph.replace(static_cast<std::size_t>(convolution_position), std::move(convolution));
  graph.mark_changed(normalization);
  return true;
}

}  // namespace

/// BatchNormalization(Conv(x, W, b)) → Conv(x, f·W, f·b + o), with f = scale / √(variance + ε) and
/// o = bias - f·mean for each output channel. Not where somebody else reads the convolution's output, a
/// parameter is not constant, or the normalization is in training mode.
PassResult fold_batch_normalization(const ModelPointer& model) {
  GraphRewriter graph(model);
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const Node* node = graph.node(i);
    if (node && node->op_type == "BatchNormalization" && normalized_domain(node->domain).empty() &&
        !node->inputs.empty() && is_inference(*node))
      fold(graph, i);
  }
  graph.remove_unused();
  return graph.finish();
}

}  // namespace lapidary
