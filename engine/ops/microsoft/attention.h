#pragma once

#include "engine/ops/microsoft/microsoft.h"

/// What the attention operators share. All of them bring their inputs into heads, say by a mask what each
/// query sees, and leave the arithmetic to Attention of the standard.
namespace lapidary::microsoft {

/// [B, S, N·H] as [B, N, S, H].
Tensor split_heads(const Tensor& tensor, std::int64_t heads);
/// [B, N, S, H] as [B, S, N·H].
Tensor joined_heads(const Tensor& tensor);

/// Heads that look at each other. Absent tensors are left out.
struct AttentionCall {
  Tensor query, key, value;     ///< [B, N, S, H], [B, Nkv, L, H], [B, Nkv, L, Hv]
  Tensor mask;                  ///< added to the scores, broadcast to [B, N, S, T]
  Tensor past_key, past_value;  ///< [B, Nkv, P, H]: stand before key and value
  float softcap = 0;
  std::int64_t shown_stage = 2;  ///< qk_matmul_output_mode of the standard's operator
};
struct AttentionResult {
  Tensor output;      ///< [B, N, S, Hv]
  Tensor key, value;  ///< with the past, T = P + L long
  Tensor scores;      ///< [B, N, S, T] at the stage that was asked for
};
/// Attribute `scale` of the node is the factor of the scores; 1/√H where it is absent or 0.
AttentionResult attend(const KernelContext& context, const AttentionCall& call);

/// What a mask of 0 and 1, or of lengths, adds to the scores.
struct MaskSizes {
  std::int64_t batch, queries, keys;
  std::int64_t past = 0;  ///< keys before the first query
};
/// [B, 1, S, T] in `type` from a mask in any of its forms: [B, T] or [B, S, T] of 0 and 1; ends [B], ends and
/// beginnings [2·B], or lengths first [3·B + 2]. Attribute mask_filter_value is added for what is hidden;
/// with `causal`, keys behind the query are hidden too. Absent if nothing is hidden.
Tensor additive_mask(const KernelContext& context, const Tensor& mask, const MaskSizes& sizes, bool causal,
                     DataType type);
/// The sum of two masks, either of which may be absent.
Tensor added_masks(const KernelContext& context, const Tensor& a, const Tensor& b);

/// [B, S, q + k + v] cut into queries, keys and values and each of them into heads. `sizes` are their three
/// widths.
AttentionCall split_projection(const Tensor& projection, const std::vector<std::int64_t>& sizes,
                               std::int64_t heads);
/// Attribute qkv_hidden_sizes, or three equal parts of `width`. Throws Error where heads do not divide them.
std::vector<std::int64_t> projection_sizes(const KernelContext& context, std::int64_t width);
std::int64_t positive_attribute(const KernelContext& context, const char* name);

/// Multiply-adds of scores and values: every query of B·N·S meets T keys of size H twice; about five
/// operations more for each score's softmax.
Cost attention_cost(double queries, double keys, double head_size);

}  // namespace lapidary::microsoft
