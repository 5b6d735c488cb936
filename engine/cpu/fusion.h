#pragma once

#include "engine/cpu/lowered_graph.h"

namespace lapidary::cpu {

/// BatchNormalization (inference) becomes x·s + t, with s and t of one number a channel:
///   s = scale / √(variance + epsilon),  t = bias − mean·s
void expand_batch_normalization(LoweredGraph& graph);

/// (x − mean(x)) / √(mean((x − mean(x))²) + epsilon)·scale + bias, spelled out in single operators, becomes
/// one LayerNormalization.
void recognize_layer_normalization(LoweredGraph& graph);

/// Every float32 element-wise operator becomes an "Elementwise", and those that only feed each other become
/// one.
void group_elementwise(LoweredGraph& graph);

/// Programs that spell out a known function become that function:
///   x·clip(x + 3, 0, 6)/6 → HardSwish,  0.5·x·(1 + erf(x/√2)) → Gelu,  x·sigmoid(x) → Swish
void simplify_programs(LoweredGraph& graph);

/// An "Elementwise" that follows a convolution or matrix product and continues its result step by step is
/// done there: constants for each channel go into weights and bias, the rest into post-ops.
void fuse_into_products(LoweredGraph& graph);

/// True if float32 nodes of this operator can become steps of an element-wise program.
bool is_element_operator(std::string_view op);

/// The step that a float32 element-wise node stands for, with operands numbered by input slot.
std::optional<ElementStep> element_step_of(const LoweredGraph& graph, const LoweredNode& node);

}  // namespace lapidary::cpu
