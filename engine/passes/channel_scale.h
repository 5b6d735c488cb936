#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/passes/graph_rewriter.h"

namespace lapidary {

/// What a node does to its input: y = factor·x + offset, for each channel, or one number for all.
struct ChannelScale {
  std::string source;  ///< x
  std::vector<double> factor, offset;

  double factor_at(std::size_t channel) const { return factor[factor.size() == 1 ? 0 : channel]; }
  double offset_at(std::size_t channel) const { return offset[offset.size() == 1 ? 0 : channel]; }
  bool has_offset() const;
};

/// Where a tensor has its channels.
struct ChannelAxis {
  std::size_t rank, axis;
  std::int64_t channels;
};

/// True for the types of node that channel_scale_of() looks at.
bool may_be_channel_scale(const Node& node);

/// The scale that `node` is: BatchNormalization in inference, or Mul, Div, Add or Sub of a constant that is
/// one number, or one for each channel and does not make x larger. Nothing for other nodes.
std::optional<ChannelScale> channel_scale_of(const GraphRewriter& graph, const Node& node,
                                             const ChannelAxis& axis);

/// Weights that a node has as constants, and that may be replaced without the file growing by more than the
/// limit.
const Tensor* foldable_weights(const GraphRewriter& graph, const std::string& name);

/// The tensor with element i multiplied by factor(i).
template <class Factor>
Tensor multiplied(const Tensor& tensor, Factor factor) {
  auto values = values_as<double>(tensor.aligned());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] *= factor(i);
  return tensor_from(tensor.type(), tensor.dims(), values);
}

}  // namespace lapidary
