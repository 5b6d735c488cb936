#pragma once

#include "engine/cpu/planner.h"

namespace lapidary::cpu {

// Candidates: each makes the steps of a node and returns nothing, or returns why it refuses. Each stands in
// the file of its name; candidates.cpp lists them by operator.

std::string plan_convolution(Planner& planner, const LoweredNode& node);
/// A ConvTranspose whose windows stand side by side: one matrix product, and rows put in their places.
std::string plan_upsampling_convolution(Planner& planner, const LoweredNode& node);
/// Resize and Upsample of height and width, nearest or linear.
std::string plan_resize(Planner& planner, const LoweredNode& node);
std::string plan_matmul(Planner& planner, const LoweredNode& node);
std::string plan_gemm(Planner& planner, const LoweredNode& node);
/// True if products of 8-bit integers are summed without saturation.
bool has_integer_products();
std::string plan_qlinear_convolution(Planner& planner, const LoweredNode& node);
std::string plan_integer_convolution(Planner& planner, const LoweredNode& node);
/// QLinearMatMul, and the same with a float32 result, which has no scale and zero point.
std::string plan_qlinear_matmul(Planner& planner, const LoweredNode& node);
std::string plan_integer_matmul(Planner& planner, const LoweredNode& node);
std::string plan_dynamic_quantization(Planner& planner, const LoweredNode& node);
std::string plan_pooling(Planner& planner, const LoweredNode& node);
std::string plan_global_pooling(Planner& planner, const LoweredNode& node);
std::string plan_elementwise(Planner& planner, const LoweredNode& node);

/// Other sizes over the same bytes: Reshape, Flatten, Squeeze, Unsqueeze.
std::string plan_reshape(Planner& planner, const LoweredNode& node);
/// The same bytes read in another order of axes; whoever needs them row-major has them moved.
std::string plan_transpose(Planner& planner, const LoweredNode& node);
/// What a Slice takes along each axis.
struct SliceRange {
  std::int64_t start = 0, step = 1;
};
/// Nothing if an input that says it is not constant.
std::optional<std::vector<SliceRange>> slice_ranges(const LoweredGraph& graph, const LoweredNode& node);
std::string plan_slice(Planner& planner, const LoweredNode& node);
std::string plan_split(Planner& planner, const LoweredNode& node);
std::string plan_concat(Planner& planner, const LoweredNode& node);
std::string plan_gather(Planner& planner, const LoweredNode& node);
std::string plan_gather_elements(Planner& planner, const LoweredNode& node);
/// GatherND.
std::string plan_gather_slices(Planner& planner, const LoweredNode& node);
/// ScatterElements and Scatter, without a reduction.
std::string plan_scatter_elements(Planner& planner, const LoweredNode& node);
/// ScatterND, without a reduction.
std::string plan_scatter_slices(Planner& planner, const LoweredNode& node);

// The elements of any type moved to their places, by element size.
std::string plan_moved_transpose(Planner& planner, const LoweredNode& node);
std::string plan_moved_slice(Planner& planner, const LoweredNode& node);
std::string plan_moved_split(Planner& planner, const LoweredNode& node);
std::string plan_expand(Planner& planner, const LoweredNode& node);
std::string plan_tile(Planner& planner, const LoweredNode& node);
/// DepthToSpace and SpaceToDepth.
std::string plan_depth_to_space(Planner& planner, const LoweredNode& node);

/// Attention without its scores as an output.
std::string plan_attention(Planner& planner, const LoweredNode& node);

/// One direction of an LSTM layer.
std::string plan_lstm(Planner& planner, const LoweredNode& node);
/// RNN, GRU and LSTM, in both directions, batch first or not.
std::string plan_recurrent_cells(Planner& planner, const LoweredNode& node);
std::string plan_softmax(Planner& planner, const LoweredNode& node);
std::string plan_layer_normalization(Planner& planner, const LoweredNode& node);
/// GroupNormalization (from version 21 on) and InstanceNormalization.
std::string plan_group_normalization(Planner& planner, const LoweredNode& node);
std::string plan_reduction(Planner& planner, const LoweredNode& node);
/// MatMulNBits of com.microsoft.
std::string plan_block_weights(Planner& planner, const LoweredNode& node);
/// GroupQueryAttention of com.microsoft.
std::string plan_cached_attention(Planner& planner, const LoweredNode& node);
/// Pad with a constant.
std::string plan_pad(Planner& planner, const LoweredNode& node);
std::string plan_grid_sample(Planner& planner, const LoweredNode& node);
std::string plan_top_k(Planner& planner, const LoweredNode& node);
/// TreeEnsemble and its older forms.
std::string plan_trees(Planner& planner, const LoweredNode& node);

}  // namespace lapidary::cpu
