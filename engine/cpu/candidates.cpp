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
      {"MaxPool", {plan_pooling}},
      {"AveragePool", {plan_pooling}},
      {"GlobalAveragePool", {plan_global_pooling}},
      {"GlobalMaxPool", {plan_global_pooling}},
      {"Elementwise", {plan_elementwise}},
      {"Reshape", {plan_reshape}},
      {"Flatten", {plan_reshape}},
      {"Squeeze", {plan_reshape}},
      {"Unsqueeze", {plan_reshape}},
      {"Transpose", {plan_transpose}},
      {"Slice", {plan_slice}},
      {"Split", {plan_split}},
      {"Gather", {plan_gather}},
      {"Concat", {plan_concat}},
      {"LSTM", {plan_lstm}},
      {"Softmax", {plan_softmax}},
      {"LayerNormalization", {plan_layer_normalization}},
      {"ReduceMean", {plan_reduction}},
      {"ReduceSum", {plan_reduction}},
      {"ai.onnx.ml.TreeEnsemble", {plan_trees}},
      {"ai.onnx.ml.TreeEnsembleClassifier", {plan_trees}},
      {"ai.onnx.ml.TreeEnsembleRegressor", {plan_trees}},
  };
  static const std::vector<Candidate> none;
  const auto found = all.find(op);
  return found == all.end() ? none : found->second;
}

bool has_own_kernel(const std::string& op) {
  static constexpr std::string_view vanish[] = {"Constant", "Identity", "Dropout", "BatchNormalization"};
  return !candidates_for(op).empty() || is_element_operator(op) ||
         std::find(std::begin(vanish), std::end(vanish), op) != std::end(vanish);
}

}  // namespace lapidary::cpu
