#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/passes/graph_rewriter.h"
#include "engine/precision/quantize_static.h"

namespace lapidary {

/// What of a graph is computed with 8-bit numbers.
struct QuantizationPlan {
  /// Conv, ConvTranspose, Gemm and MatMul with constant weights, by position.
  std::vector<std::size_t> products;
  /// Values that become 8-bit where nodes read them: what products read, and operators between them that do
  /// not need more, such as pooling and the sum of a residual.
  std::set<std::string> values;
  /// Values that must have one scale, since nodes only move or choose among their numbers: each with the one
  /// that stands for its group.
  std::map<std::string, std::string> groups;
  std::vector<KeptNode> kept;  ///< products that stay as they are, and why

  const std::string& group_of(const std::string& value) const;
};

/// `ranges`: the values whose range is known; others stay as they are.
QuantizationPlan plan_quantization(const GraphRewriter& graph, const QuantizationOptions& options,
                                   const std::set<std::string>& ranges);

/// True for the operators that QuantizationPlan::products holds.
bool is_quantized_product(const Node& node);
/// Why a product's weights cannot be quantized; empty if they can.
std::string refused_weights(const GraphRewriter& graph, const Node& node);
/// True for a Gemm that is MatMul and the addition of a bias, its weights perhaps transposed.
bool is_plain_gemm(const Node& node);

}  // namespace lapidary
