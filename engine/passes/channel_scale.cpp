#include "engine/passes/channel_scale.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/passes/constants.h"

namespace lapidary {
namespace {

using Numbers = std::vector<double>;

/// Not in training mode, which versions before 7 are unless they say otherwise, and one scale a channel.
bool is_inference(const GraphRewriter& graph, const Node& node) {
  const auto flag = [&](const char* name, std::int64_t otherwise) {
    return node.attribute_or(name, otherwise) != 0;
  };
  return !flag("training_mode", 0) && flag("spatial", 1) && (graph.opset() >= 7 || flag("is_test", 0)) &&
         std::count_if(node.outputs.begin(), node.outputs.end(),
                       [](const auto& name) { return !name.empty(); }) == 1;
}

std::optional<ChannelScale> scale_of_normalization(const GraphRewriter& graph, const Node& node,
                                                   const ChannelAxis& axis) {
  if (axis.axis != 1 || node.inputs.size() < 5 || !is_inference(graph, node)) return std::nullopt;
  std::vector<Numbers> parameters;
  for (std::size_t i = 1; i < 5; ++i) {
    const NamedTensor* constant = graph.constant(node.inputs[i]);
    if (!constant || constant->tensor.size() != axis.channels) return std::nullopt;
    parameters.push_back(values_as<double>(constant->tensor.aligned()));
  }
  const auto& [scale, bias, mean, variance] =
      std::tie(parameters[0], parameters[1], parameters[2], parameters[3]);
  const double epsilon = static_cast<double>(node.attribute_or("epsilon", 1e-5f));
  ChannelScale result{node.inputs[0], {}, {}};
  for (std::size_t c = 0; c < scale.size(); ++c) {
    result.factor.push_back(scale[c] / std::sqrt(variance[c] + epsilon));
    result.offset.push_back(bias[c] - mean[c] * result.factor.back());
  }
  return result;
}

/// One number, or one for each channel; nothing for constants that vary along another axis or make x larger.
std::optional<Numbers> channel_numbers(const Tensor& constant, const ChannelAxis& axis) {
  const auto rank = static_cast<std::size_t>(constant.rank());
  if (!is_floating(constant.type()) || rank > axis.rank) return std::nullopt;
  const std::size_t before = axis.rank - rank;
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t size = constant.dims()[i];
    if (size != 1 && !(before + i == axis.axis && size == axis.channels)) return std::nullopt;
  }
  return values_as<double>(constant.aligned());
}

/// Operator sets before 7 broadcast otherwise.
std::optional<ChannelScale> scale_of_arithmetic(const GraphRewriter& graph, const Node& node,
                                                const ChannelAxis& axis) {
  if (node.inputs.size() != 2 || graph.opset() < 7) return std::nullopt;
  const bool second = graph.constant(node.inputs[1]) != nullptr;
  const NamedTensor* constant = graph.constant(node.inputs[second ? 1 : 0]);
  if (!constant) return std::nullopt;
  auto numbers = channel_numbers(constant->tensor, axis);
  if (!numbers) return std::nullopt;
  const auto mapped = [&](auto function) {
    std::transform(numbers->begin(), numbers->end(), numbers->begin(), function);
    return *numbers;
  };
  ChannelScale result{node.inputs[second ? 0 : 1], {1}, {0}};
  if (node.op_type == "Mul")
    result.factor = *numbers;
  else if (node.op_type == "Div" && second)
    result.factor = mapped([](double v) { return 1 / v; });
  else if (node.op_type == "Add")
    result.offset = *numbers;
  else if (node.op_type == "Sub" && second)
    result.offset = mapped([](double v) { return -v; });
  else if (node.op_type == "Sub")
    result.factor = {-1}, result.offset = *numbers;
  else
    return std::nullopt;
  const auto is_finite = [](double v) { return std::isfinite(v); };
  const bool finite = std::all_of(result.factor.begin(), result.factor.end(), is_finite) &&
                      std::all_of(result.offset.begin(), result.offset.end(), is_finite);
  return finite ? std::optional(result) : std::nullopt;
}

}  // namespace

bool ChannelScale::has_offset() const {
  return std::any_of(offset.begin(), offset.end(), [](double v) { return v != 0; });
}

bool may_be_channel_scale(const Node& node) {
  return normalized_domain(node.domain).empty() &&
         (node.op_type == "BatchNormalization" || node.op_type == "Mul" || node.op_type == "Div" ||
          node.op_type == "Add" || node.op_type == "Sub");
}

std::optional<ChannelScale> channel_scale_of(const GraphRewriter& graph, const Node& node,
                                             const ChannelAxis& axis) {
  if (!may_be_channel_scale(node)) return std::nullopt;
  return node.op_type == "BatchNormalization" ? scale_of_normalization(graph, node, axis)
                                              : scale_of_arithmetic(graph, node, axis);
}

const Tensor* foldable_weights(const GraphRewriter& graph, const std::string& name) {
  const NamedTensor* constant = graph.constant(name);
  if (!constant || !is_floating(constant->tensor.type()) || bits_of(constant->tensor.type()) < 16)
    return nullptr;
  // A copy for each reader adds up.
  const std::int64_t most = graph.use_count(name) > 1 ? graph.context().fold_limit_bytes / 64
                                                      : std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(constant->tensor.size_bytes()) <= most ? &constant->tensor : nullptr;
}

}  // namespace lapidary
