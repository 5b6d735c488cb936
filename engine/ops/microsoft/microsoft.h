#pragma once

#include "engine/ops/composition.h"
#include "engine/ops/cost.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

/// What the families of the domain com.microsoft share: ONNX Runtime's operators beyond the standard, which
/// its optimizer and its quantization and generation tools write into files. Source: that project's
/// ContribOperators.md.
namespace lapidary::microsoft {

inline constexpr const char* domain = "com.microsoft";

// One function a family, each in the file of that name; register_microsoft() calls them all.
void register_activations(OperatorTable& table);
void register_attention(OperatorTable& table);
void register_block_quantization(OperatorTable& table);
void register_fused(OperatorTable& table);
void register_group_query_attention(OperatorTable& table);
void register_linear_algebra(OperatorTable& table);
void register_mixture_of_experts(OperatorTable& table);
void register_multi_head_attention(OperatorTable& table);
void register_nchwc(OperatorTable& table);
void register_normalization(OperatorTable& table);
void register_packed_attention(OperatorTable& table);
void register_quantized_elementwise(OperatorTable& table);
void register_quantized_products(OperatorTable& table);
void register_quantized_recurrent(OperatorTable& table);
void register_quantized_windows(OperatorTable& table);
void register_rotary_embedding(OperatorTable& table);
void register_shape(OperatorTable& table);

/// A record of the domain, in its only version.
inline Operator record(const char* name, OperatorKind kind) { return Operator(name, 1, kind, domain); }

inline types::List floats() { return types::tensors({"float", "float16", "bfloat16"}); }
inline types::List bytes() { return types::tensors({"int8", "uint8"}); }

/// Name and numbers of an activation that another operator applies to its result.
struct FusedActivation {
  std::string name;  ///< empty for none
  std::vector<float> parameters;
};
/// Attributes activation and activation_params. Throws Error for a name that cannot be fused.
FusedActivation read_activation(const Node& node);
/// The tensor after the activation.
Tensor activated(const KernelContext& context, Tensor x, const FusedActivation& activation);
/// Declares both attributes.
Operator& with_activation(Operator& record);

/// Input `index`, which must have `rank` axes; throws Error otherwise.
const Tensor& input_of_rank(const KernelContext& context, std::size_t index, int rank);
/// Throws Error unless the tensor has `rank` axes.
void require_rank(const Tensor& tensor, int rank);

/// [N, sizes…, C] as [N, C, sizes…], and back; tensors of rank 2 and less stay as they are.
Tensor channels_first(const Tensor& tensor);
Tensor channels_last(const Tensor& tensor);
Type channels_first(Type type);
Type channels_last(Type type);

}  // namespace lapidary::microsoft
