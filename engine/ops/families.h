#pragma once

namespace lapidary {

class OperatorTable;

// One function a family, each in the file of that name; operator_table.cpp calls them all.
void register_activation(OperatorTable& table);
void register_arg_reduction(OperatorTable& table);
void register_arithmetic(OperatorTable& table);
void register_attention(OperatorTable& table);
void register_batch_normalization(OperatorTable& table);
void register_bitwise(OperatorTable& table);
void register_cast(OperatorTable& table);
void register_col2im(OperatorTable& table);
void register_comparison(OperatorTable& table);
void register_concat(OperatorTable& table);
void register_constant(OperatorTable& table);
void register_control_flow(OperatorTable& table);
void register_convolution(OperatorTable& table);
void register_convolution_integer(OperatorTable& table);
void register_cumulative(OperatorTable& table);
void register_deformable_convolution(OperatorTable& table);
void register_einsum(OperatorTable& table);
void register_expand(OperatorTable& table);
void register_flex_attention(OperatorTable& table);
void register_gather(OperatorTable& table);
void register_gradient(OperatorTable& table);
void register_grid_sample(OperatorTable& table);
void register_image_decoder(OperatorTable& table);
void register_layer_normalization(OperatorTable& table);
void register_linear_attention(OperatorTable& table);
void register_logical(OperatorTable& table);
void register_loss(OperatorTable& table);
void register_math(OperatorTable& table);
void register_matmul(OperatorTable& table);
void register_matmul_integer(OperatorTable& table);
void register_n_grams(OperatorTable& table);
void register_microsoft(OperatorTable& table);
void register_non_max_suppression(OperatorTable& table);
void register_normalization(OperatorTable& table);
void register_optional(OperatorTable& table);
void register_optimizer(OperatorTable& table);
void register_pad(OperatorTable& table);
void register_pooling(OperatorTable& table);
void register_quantization(OperatorTable& table);
void register_random(OperatorTable& table);
void register_recurrent(OperatorTable& table);
void register_reduction(OperatorTable& table);
void register_resize(OperatorTable& table);
void register_roi(OperatorTable& table);
void register_rotary_embedding(OperatorTable& table);
void register_scan(OperatorTable& table);
void register_scatter(OperatorTable& table);
void register_selection(OperatorTable& table);
void register_sequence(OperatorTable& table);
void register_shape(OperatorTable& table);
void register_signal(OperatorTable& table);
void register_slice(OperatorTable& table);
void register_softmax(OperatorTable& table);
void register_text(OperatorTable& table);
void register_transpose(OperatorTable& table);
void register_unique(OperatorTable& table);
void register_unpooling(OperatorTable& table);
void register_window_function(OperatorTable& table);

// ai.onnx.ml, in the folder ml.
void register_categories(OperatorTable& table);
void register_features(OperatorTable& table);
void register_linear(OperatorTable& table);
void register_maps(OperatorTable& table);
void register_support_vectors(OperatorTable& table);
void register_tree_ensemble(OperatorTable& table);

}  // namespace lapidary
