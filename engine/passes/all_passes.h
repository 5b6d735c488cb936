#pragma once

#include "engine/passes/pass.h"

namespace lapidary {

// One function a pass, each in the file of that name; the table in passes.cpp says their order.
PassResult eliminate_identity(const ModelPointer& model, const PassContext& context);
PassResult eliminate_unused(const ModelPointer& model, const PassContext& context);
PassResult fold_scale_after(const ModelPointer& model, const PassContext& context);
PassResult fold_scale_before(const ModelPointer& model, const PassContext& context);
PassResult fold_constants(const ModelPointer& model, const PassContext& context);
PassResult eliminate_common(const ModelPointer& model, const PassContext& context);
PassResult eliminate_no_ops(const ModelPointer& model, const PassContext& context);
PassResult fold_shapes(const ModelPointer& model, const PassContext& context);
PassResult eliminate_pairs(const ModelPointer& model, const PassContext& context);
PassResult eliminate_expand(const ModelPointer& model, const PassContext& context);
PassResult merge_reductions(const ModelPointer& model, const PassContext& context);
PassResult merge_reshapes(const ModelPointer& model, const PassContext& context);
PassResult fold_pad(const ModelPointer& model, const PassContext& context);
PassResult merge_scales(const ModelPointer& model, const PassContext& context);
PassResult merge_transposes(const ModelPointer& model, const PassContext& context);
PassResult inline_functions(const ModelPointer& model, const PassContext& context);
PassResult inline_if(const ModelPointer& model, const PassContext& context);
PassResult unroll_loops(const ModelPointer& model, const PassContext& context);
PassResult fold_scale_through(const ModelPointer& model, const PassContext& context);
PassResult fuse_clip(const ModelPointer& model, const PassContext& context);
PassResult fuse_hard_swish(const ModelPointer& model, const PassContext& context);
PassResult fuse_gelu(const ModelPointer& model, const PassContext& context);
PassResult fuse_mish(const ModelPointer& model, const PassContext& context);
PassResult fuse_swish(const ModelPointer& model, const PassContext& context);
PassResult fuse_softmax(const ModelPointer& model, const PassContext& context);
PassResult fuse_layer_normalization(const ModelPointer& model, const PassContext& context);
PassResult fuse_rms_normalization(const ModelPointer& model, const PassContext& context);
PassResult fuse_group_normalization(const ModelPointer& model, const PassContext& context);
PassResult fuse_rotary_embedding(const ModelPointer& model, const PassContext& context);
PassResult fuse_attention(const ModelPointer& model, const PassContext& context);
PassResult fuse_global_pool(const ModelPointer& model, const PassContext& context);
PassResult fuse_space_to_depth(const ModelPointer& model, const PassContext& context);
PassResult fuse_convolution_activation(const ModelPointer& model, const PassContext& context);
PassResult fuse_gemm(const ModelPointer& model, const PassContext& context);
PassResult merge_slices(const ModelPointer& model, const PassContext& context);
PassResult simplify_quantization(const ModelPointer& model, const PassContext& context);

}  // namespace lapidary
