#include <algorithm>

#include "engine/passes/all_passes.h"
#include "engine/passes/channel_scale.h"
#include "engine/passes/constants.h"

namespace lapidary {
namespace {

bool is_padded(const Node& node) {
  const auto pads = node.attribute_or("pads", std::vector<std::int64_t>());
  const auto automatic = node.attribute_or("auto_pad", std::string("NOTSET"));
  return std::any_of(pads.begin(), pads.end(), [](std::int64_t p) { return p != 0; }) ||
         (automatic != "NOTSET" && automatic != "VALID");
}

/// A convolution or product with constant weights that alone reads a value.
struct Reader {
  std::size_t position;
  const Node* node;
  const Tensor* weights;
  ChannelAxis axis;  ///< of what it reads
};

std::optional<Reader> reader_of(const GraphRewriter& graph, const std::string& value) {
  if (!graph.is_private(value)) return std::nullopt;
  const std::size_t position = graph.readers(value)[0];
  const Node* node = graph.node(position);
  if (input_or_empty(*node, 0) != value) return std::nullopt;
  const Tensor* weights = foldable_weights(graph, input_or_empty(*node, 1));
  if (!weights || weights->size() == 0) return std::nullopt;
  const auto rank = static_cast<std::size_t>(weights->rank());
  const Dims& dims = weights->dims();
  const std::int64_t groups = node->attribute_or("group", std::int64_t{1});
  if (is_standard(*node, "Conv") && rank >= 3)
    return Reader{position, node, weights, {rank, 1, dims[1] * groups}};
  if (is_standard(*node, "MatMul") && rank == 2) {
    const auto shape = graph.shape_of_value(value);
    if (shape && !shape->empty())
      return Reader{position, node, weights, {shape->size(), shape->size() - 1, dims[0]}};
  }
  const auto flag = [&](const char* name) { return node->attribute_or(name, std::int64_t{0}) != 0; };
  if (is_standard(*node, "Gemm") && rank == 2 && !flag("transA"))
    return Reader{position, node, weights, {2, 1, dims[flag("transB") ? 1 : 0]}};
  return std::nullopt;
}

/// The channel of the input that element `i` of the weights is multiplied with.
std::size_t channel_of(const Reader& reader, std::size_t i) {
  const Dims& dims = reader.weights->dims();
  const auto size = [&](std::size_t axis) { return static_cast<std::size_t>(dims[axis]); };
  if (reader.node->op_type == "Gemm" && reader.node->attribute_or("transB", std::int64_t{0}) != 0)
    return i % size(1);
  if (reader.node->op_type != "Conv") return i / size(1);
  const auto groups = static_cast<std::size_t>(reader.node->attribute_or("group", std::int64_t{1}));
  const std::size_t each = static_cast<std::size_t>(reader.weights->size()) / size(0);
  const std::size_t kernel = each / size(1), row = i / each;
  return row / (size(0) / groups) * size(1) + i / kernel % size(1);
}

/// What the offsets come to in each channel of a convolution's result.
std::vector<double> carried_offsets(const Reader& reader, const ChannelScale& scale) {
  const auto rows = static_cast<std::size_t>(reader.weights->dims()[0]);
  const auto values = values_as<double>(reader.weights->aligned());
  std::vector<double> sums(rows, 0.0);
  for (std::size_t i = 0; i < values.size(); ++i)
    sums[i / (values.size() / rows)] += values[i] * scale.offset_at(channel_of(reader, i));
  return sums;
}

/// Offsets go into the bias of a convolution that no padding surrounds: what is padded has no offset.
bool takes_offset(const GraphRewriter& graph, const Reader& reader) {
  const std::string& bias = input_or_empty(*reader.node, 2);
  return reader.node->op_type == "Conv" && !is_padded(*reader.node) && (bias.empty() || graph.constant(bias));
}

void fold(GraphRewriter& graph, const Reader& reader, const ChannelScale& scale) {
  Node changed = *reader.node;
  const Tensor weights =
      multiplied(*reader.weights, [&](std::size_t i) { return scale.factor_at(channel_of(reader, i)); });
  if (scale.has_offset()) {
    auto sums = carried_offsets(reader, scale);
    if (const NamedTensor* bias = graph.constant(input_or_empty(*reader.node, 2))) {
      const auto values = values_as<double>(bias->tensor.aligned());
      for (std::size_t c = 0; c < sums.size(); ++c) sums[c] += values[c];
    }
    changed.inputs.resize(3);
    changed.inputs[2] =
        graph.add_constant(changed.inputs[1] + "_folded_bias",
                           tensor_from(weights.type(), {static_cast<std::int64_t>(sums.size())}, sums));
  }
  changed.inputs[1] = graph.add_constant(changed.inputs[1] + "_folded", weights);
  changed.inputs[0] = scale.source;
  graph.replace(reader.position, std::move(changed));
}

/// What is scaled has all its channels already; the constant does not make them.
bool keeps_channels(const GraphRewriter& graph, const ChannelScale& scale, const ChannelAxis& axis) {
  const auto shape = graph.shape_of_value(scale.source);
  return shape && shape->size() == axis.rank && (*shape)[axis.axis] == Dimension(axis.channels);
}

void rewrite(GraphRewriter& graph) {
  const std::size_t count = graph.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Node* node = graph.node(i);
    if (!node || node->outputs.empty() || !may_be_channel_scale(*node)) continue;
    const auto reader = reader_of(graph, node->outputs[0]);
    if (!reader) continue;
    const auto scale = channel_scale_of(graph, *node, reader->axis);
    if (!scale || graph.constant(scale->source) || !keeps_channels(graph, *scale, reader->axis)) continue;
    if ((scale->has_offset() && !takes_offset(graph, *reader)) || !graph.admit(*node)) continue;
    fold(graph, *reader, *scale);
  }
}

}  // namespace

/// Conv(f·x + o, W, b) → Conv(x, W·f, b + W·o), and without o the same for Gemm and MatMul. The scale is as
/// in fold_scale_after. Not where somebody else reads the scaled value, weights or bias are not constant, or
/// a convolution pads what has an offset.
PassResult fold_scale_before(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
