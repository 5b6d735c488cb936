#include <algorithm>
#include <unordered_map>

#include "engine/cpu/fusion.h"
#include "engine/cpu/kernels.h"

namespace lapidary::cpu {

const std::vector<Candidate>& candidates_for(const std::string& op) {
  static const std::unordered_map<std::string, std::vector<Candidate>> all = {
      {"Conv", {plan_convolution}},
      {"ConvTranspose", {plan_upsampling_convolution, plan_convolution}},
      {"Resize", {plan_resize}},
      {"Upsample", {plan_resize}},
      {"MatMul", {plan_matmul}},
      {"Gemm", {plan_gemm}},
      {"QLinearConv", {plan_qlinear_convolution}},
      {"ConvInteger", {plan_integer_convolution}},
      {"QLinearMatMul", {plan_qlinear_matmul}},
      {"QuantizedMatMul", {plan_qlinear_matmul}},
      {"MatMulInteger", {plan_integer_matmul}},
      {"DynamicQuantizeLinear", {plan_dynamic_quantization}},
      {"MaxPool", {plan_pooling}},
      {"AveragePool", {plan_pooling}},
      {"GlobalAveragePool", {plan_global_pooling}},
      {"GlobalMaxPool", {plan_global_pooling}},
      {"Elementwise", {plan_elementwise}},
      {"Reshape", {plan_reshape}},
      {"Flatten", {plan_reshape}},
      {"Squeeze", {plan_reshape}},
      {"Unsqueeze", {plan_reshape}},
      {"Transpose", {plan_transpose, plan_moved_transpose}},
      {"Slice", {plan_slice, plan_moved_slice}},
      {"Split", {plan_split, plan_moved_split}},
      {"Pad", {plan_pad}},
      {"GridSample", {plan_grid_sample}},
      {"TopK", {plan_top_k}},
      {"Expand", {plan_expand}},
      {"Tile", {plan_tile}},
      {"DepthToSpace", {plan_depth_to_space}},
      {"SpaceToDepth", {plan_depth_to_space}},
      {"Gather", {plan_gather}},
      {"GatherElements", {plan_gather_elements}},
      {"GatherND", {plan_gather_slices}},
      {"Scatter", {plan_scatter_elements}},
      {"ScatterElements", {plan_scatter_elements}},
      {"ScatterND", {plan_scatter_slices}},
      {"Concat", {plan_concat}},
      {"Attention", {plan_attention}},
      {"LSTM", {plan_lstm, plan_recurrent_cells}},
      {"GRU", {plan_recurrent_cells}},
      {"RNN", {plan_recurrent_cells}},
      {"Softmax", {plan_softmax}},
      {"LayerNormalization", {plan_layer_normalization}},
      {"LogSoftmax", {plan_softmax}},
      {"RMSNormalization", {plan_layer_normalization}},
      {"GroupNormalization", {plan_group_normalization}},
      {"InstanceNormalization", {plan_group_normalization}},
      {"ReduceMean", {plan_reduction}},
      {"ReduceSum", {plan_reduction}},
      {"ReduceMax", {plan_reduction}},
      {"ReduceMin", {plan_reduction}},
      {"ReduceProd", {plan_reduction}},
      {"ReduceL1", {plan_reduction}},
      {"ReduceL2", {plan_reduction}},
      {"ReduceSumSquare", {plan_reduction}},
      {"ReduceLogSum", {plan_reduction}},
      {"com.microsoft.MatMulNBits", {plan_block_weights}},
      {"com.microsoft.GroupQueryAttention", {plan_cached_attention}},
      {"ai.onnx.ml.TreeEnsemble", {plan_trees}},
      {"ai.onnx.ml.TreeEnsembleClassifier", {plan_trees}},
      {"ai.onnx.ml.TreeEnsembleRegressor", {plan_trees}},
  };
  static const std::vector<Candidate> none;
  const auto found = all.find(op);
  return found == all.end() ? none : found->second;
}

bool has_own_kernel(const std::string& op) {
  static constexpr std::string_view vanish[] = {
      "Constant",       "Identity",         "Dropout", "BatchNormalization",
      "QuantizeLinear", "DequantizeLinear", "Einsum"};
  return !candidates_for(op).empty() || is_element_operator(op) ||
         std::find(std::begin(vanish), std::end(vanish), op) != std::end(vanish);
}

}  // namespace lapidary::cpu
