#pragma once

#include "engine/cpu/lowered_graph.h"

namespace lapidary::cpu {

/// 16-bit floating activations become float32 ones, converted where the graph's inputs, outputs and operators
/// that must see 16 bits are; large weights stay as they are and are widened where they are used.
void compute_in_float32(LoweredGraph& graph);

/// BatchNormalization (inference) becomes x·s + t, with s and t of one number a channel:
///   s = scale / √(variance + epsilon),  t = bias − mean·s
void expand_batch_normalization(LoweredGraph& graph);

/// Operators that only move numbers do so with 8-bit ones, and DequantizeLinear stands behind them.
void move_dequantization(LoweredGraph& graph);

/// Products between DequantizeLinear and QuantizeLinear become products of 8-bit integers where the machine
/// has exact ones; elsewhere QLinearConv and QLinearMatMul become float32 products between conversions.
void choose_quantized_products(LoweredGraph& graph);

/// QuantizeLinear and DequantizeLinear with constant scales become element-wise programs.
void expand_quantization(LoweredGraph& graph);

/// (x − mean(x)) / √(mean((x − mean(x))²) + epsilon)·scale + bias, spelled out in single operators, becomes
/// one LayerNormalization.
void recognize_layer_normalization(LoweredGraph& graph);

/// Einsum of float32 operands becomes matrix products between transpositions, pair by pair.
void expand_einsum(LoweredGraph& graph);

/// Every element-wise operator on numbers or bools becomes an "Elementwise", and those that only feed each
/// other become one.
void group_elementwise(LoweredGraph& graph);

/// Programs that spell out a known function become that function:
///   x·clip(x + 3, 0, 6)/6 → HardSwish,  0.5·x·(1 + erf(x/√2)) → Gelu,  x·sigmoid(x) → Swish
void simplify_programs(LoweredGraph& graph);

/// An "Elementwise" that follows a convolution or matrix product and continues its result step by step is
/// done there: constants for each channel go into weights and bias, the rest into post-ops.
void fuse_into_products(LoweredGraph& graph);

/// True if nodes of this operator can become element-wise programs.
bool is_element_operator(std::string_view op);

/// What an element-wise node computes, with operands numbered by input slot; nothing if kernels do not know
/// its types or attributes.
std::optional<ElementProgram> element_program_of(const LoweredGraph& graph, const LoweredNode& node);

}  // namespace lapidary::cpu
