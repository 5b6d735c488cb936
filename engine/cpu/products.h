#pragma once

#include "engine/cpu/planner.h"

namespace lapidary::cpu {

/// What a node's post-ops are in oneDNN's terms.
struct ProductAttributes {
  dnnl::primitive_attr attributes;           ///< post-ops, and a scratchpad that the planner gives
  std::vector<Planner::Argument> arguments;  ///< second operands of binary post-ops, in the result's layout
  ValueId accumulated = -1;                  ///< the value that the result is added to in place
};

/// Post-ops of `node` for a result in `layout`, which the primitive sees as `seen` (the same bytes under
/// other sizes). A residual whose bytes may be overwritten is added in place.
ProductAttributes product_attributes(Planner& planner, const LoweredNode& node, const Layout& layout,
                                     const Layout& seen);
/// The second input is float32, or a constant of 16-bit floats.
bool has_float_weights(const LoweredGraph& graph, const LoweredNode& node);
/// Attributes without any post-op.
dnnl::primitive_attr plain_attributes();
/// True if some post-op has a second operand.
bool has_binary_post_ops(const LoweredNode& node);
/// The buffer for the result: fresh, or the accumulated value's.
BufferId define_result(Planner& planner, const LoweredNode& node, const ProductAttributes& attributes,
                       const Layout& layout);

/// How a window moves over the input, one entry a spatial axis.
struct Window {
  Dims kernel, strides, dilations, pads_begin, pads_end;
};
/// Of a Conv, ConvTranspose or pooling node over `input` [N, C, spatial…]; padding by `auto_pad` worked out.
Window window_of(const LoweredNode& node, const Dims& input, const Dims& output, Dims kernel);

}  // namespace lapidary::cpu
