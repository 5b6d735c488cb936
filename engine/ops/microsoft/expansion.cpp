#include "engine/ops/microsoft/expansion.h"

#include <algorithm>
#include <map>

#include "engine/ops/microsoft/expansion_body.h"
#include "engine/ops/microsoft/fused.h"
#include "engine/ops/microsoft/microsoft.h"

namespace lapidary {
namespace {

using microsoft::FusedActivation;

using Body = microsoft::ExpansionBody;

std::string with_sum(Body& body, const std::string& x, const std::string& added) {
  return added.empty() ? x : body.add("Add", {x, added});
}

/// The value after an activation with its numbers in order; Clip's are inputs.
std::string activated(Body& body, const std::string& x, const std::string& name,
                      const Attributes& attributes) {
  if (name.empty()) return x;
  if (name != "Clip") return body.add(name.c_str(), {x}, attributes);
  return body.add("Clip", {x, body.scalar(static_cast<double>(std::get<float>(attributes.at(0).second))),
                           body.scalar(static_cast<double>(std::get<float>(attributes.at(1).second)))});
}

GraphPointer expand_convolution(Body& body) {
  const FusedActivation activation = microsoft::read_activation(body.node());
  const std::string y = body.add(
      "Conv", {body.input(0), body.input(1), body.input(2)},
      attributes_of(body.node(), {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"}));
  return body.finish({activated(body, with_sum(body, y, body.input(3)), activation.name,
                                microsoft::activation_attributes(activation))});
}

/// A factor of FusedMatMul in the order of axes that the product needs; empty where its rank is not known.
std::string ordered_factor(Body& body, std::size_t index) {
  if (!body.type(index).shape) return "";
  const auto order = microsoft::factor_order(body.node(), index, body.type(index).shape->size());
  if (std::is_sorted(order.begin(), order.end())) return body.input(index);
  return body.add("Transpose", {body.input(index)}, {{"perm", order}});
}

GraphPointer expand_matmul(Body& body) {
  const std::string a = ordered_factor(body, 0), b = ordered_factor(body, 1);
  if (a.empty() || b.empty()) return nullptr;
  const std::string y = body.add("MatMul", {a, b});
  const float alpha = body.node().attribute_or("alpha", 1.0f);
  return body.finish({alpha == 1 ? y : body.add("Mul", {y, body.scalar(static_cast<double>(alpha))})});
}

GraphPointer expand_gemm(Body& body) {
  const std::string y = body.add("Gemm", {body.input(0), body.input(1), body.input(2)},
                                 attributes_of(body.node(), {"alpha", "beta", "transA", "transB"}));
  const std::string activation = body.node().attribute_or("activation", std::string());
  if (activation != "" && activation != "Relu" && activation != "Tanh" && activation != "Sigmoid")
    return nullptr;
  return body.finish({activated(body, y, activation, {})});
}

GraphPointer expand_gelu(Body& body) {
  return body.finish({body.add("Gelu", {with_sum(body, body.input(0), body.input(1))})});
}

GraphPointer expand_fast_gelu(Body& body) {
  return body.finish({body.add("Gelu", {with_sum(body, body.input(0), body.input(1))},
                               {{"approximate", std::string("tanh")}})});
}

GraphPointer expand_quick_gelu(Body& body) {
  const auto alpha = static_cast<double>(body.node().attribute_or("alpha", 1.702f));
  const std::string gate = body.add("Sigmoid", {body.add("Mul", {body.input(0), body.scalar(alpha)})});
  return body.finish({body.add("Mul", {body.input(0), gate})});
}

/// Without the statistics, which only training asks for.
GraphPointer expand_skip_layer_normalization(Body& body) {
  const auto& outputs = body.node().outputs;
  for (const std::size_t index : {1, 2})
    if (index < outputs.size() && !outputs[index].empty()) return nullptr;
  const std::string sum = with_sum(body, with_sum(body, body.input(0), body.input(4)), body.input(1));
  const std::string y = body.add("LayerNormalization", {sum, body.input(2), body.input(3)},
                                 {{"epsilon", body.node().attribute_or("epsilon", 1e-12f)}});
  return body.finish({y, y, y, sum});
}

// --- attention: the standard's operator, of version 23, does what stands behind the projections ---

/// A mask [B, T] of 0 and 1 and a bias of the scores as one bias.
std::string score_bias(Body& body, std::size_t mask, std::size_t bias, DataType element) {
  if (body.input(mask).empty()) return body.input(bias);
  const auto filter = static_cast<double>(body.node().attribute_or("mask_filter_value", -10000.0f));
  const std::string none = body.constant(tensor_from(body.type(mask).element, {}, std::vector<double>{0}));
  const std::string hidden = body.add("Where", {body.add("Greater", {body.input(mask), none}),
                                                body.scalar(0, element), body.scalar(filter, element)});
  return with_sum(body, body.add("Unsqueeze", {hidden, body.list({1, 2})}), body.input(bias));
}

Attributes attention_attributes(const Node& node) {
  const std::int64_t heads = node.attribute_or("num_heads", std::int64_t{0});
  Attributes attributes{{"q_num_heads", heads},
                        {"kv_num_heads", heads},
                        {"is_causal", node.attribute_or("unidirectional", std::int64_t{0})}};
  if (const float scale = node.attribute_or("scale", 0.0f); scale != 0)
    attributes.emplace_back("scale", scale);
  return attributes;
}

/// True if `size` values make up the heads.
bool has_heads(const Node& node, std::int64_t size) {
  const std::int64_t heads = node.attribute_or("num_heads", std::int64_t{0});
  return heads > 0 && size > 0 && size % heads == 0;
}

/// Queries, keys and values [B, ·, N·H], without a buffer for the past.
GraphPointer expand_multi_head_attention(Body& body) {
  const auto query = body.dims(0, 3), key = body.dims(1, 3), value = body.dims(2, 3);
  const bool has_mask = body.has_any({4});
  if (!query || !key || !value || body.has_any({8, 9}) || body.wants(3) ||
      body.has_any({6}) != body.has_any({7}) || !has_heads(body.node(), (*query)[2]) ||
      !has_heads(body.node(), (*value)[2]) || (*key)[2] != (*query)[2])
    return nullptr;
  const auto past = body.dims(6, 4), mask = body.dims(4, 2);
  if (body.has_any({6}) && !past) return nullptr;
  const Dims masked{(*query)[0], (*key)[1] + (past ? (*past)[2] : 0)};
  if (has_mask && (!mask || *mask != masked)) return nullptr;
  std::int64_t begin = 0;
  const auto projected = [&](std::size_t index, std::int64_t width) {
    if (body.input(3).empty()) return body.input(index);
    const std::string part =
        body.add("Slice", {body.input(3), body.list({begin}), body.list({begin + width}), body.list({0})});
    begin += width;
    return body.add("Add", {body.input(index), part});
  };
  const std::string q = projected(0, (*query)[2]), k = projected(1, (*key)[2]), v = projected(2, (*value)[2]);
  return body.finish(body.add_all(
      "Attention", {q, k, v, score_bias(body, 4, 5, body.type(0).element), body.input(6), body.input(7)},
      attention_attributes(body.node()), body.wants(1) || body.wants(2) ? 3 : 1));
}

/// Self-attention with its projection, without a past.
GraphPointer expand_attention(Body& body) {
  if (body.has_any({4, 6})) return nullptr;
  const std::string projection =
      with_sum(body, body.add("MatMul", {body.input(0), body.input(1)}), body.input(2));
  return microsoft::expand_projected_attention(body, projection, 3, 5, body.type(0).element);
}

}  // namespace

GraphPointer microsoft::expand_projected_attention(Body& body, const std::string& projection,
                                                   std::size_t mask_input, std::size_t bias,
                                                   DataType element) {
  const auto x = body.dims(0, 3), weights = body.dims(1, 2), mask = body.dims(mask_input, 2);
  if (!x || !weights || body.wants(1) || body.node().attribute_or("do_rotary", std::int64_t{0}) != 0 ||
      (body.has_any({mask_input}) && (!mask || *mask != Dims{(*x)[0], (*x)[1]})))
    return nullptr;
  const std::int64_t width = (*weights)[1];
  auto sizes = body.node().attribute_or("qkv_hidden_sizes", std::vector<std::int64_t>(3, width / 3));
  if (sizes.size() != 3 || sizes[0] + sizes[1] + sizes[2] != width || sizes[0] != sizes[1] ||
      !has_heads(body.node(), sizes[0]) || !has_heads(body.node(), sizes[2]))
    return nullptr;
  const auto parts = body.add_all("Split", {projection, body.list(sizes)}, {{"axis", std::int64_t{2}}}, 3);
  return body.finish(
      {body.add("Attention", {parts[0], parts[1], parts[2], score_bias(body, mask_input, bias, element)},
                attention_attributes(body.node()))});
}

GraphPointer expansion_of(const Node& node, const std::vector<Type>& inputs) {
  static const std::map<std::string, GraphPointer (*)(Body&)> expansions{
      {"FusedConv", expand_convolution},
      {"FusedMatMul", expand_matmul},
      {"TransposeMatMul", expand_matmul},
      {"FusedGemm", expand_gemm},
      {"Gelu", expand_gelu},
      {"BiasGelu", expand_gelu},
      {"FastGelu", expand_fast_gelu},
      {"QuickGelu", expand_quick_gelu},
      {"SkipLayerNormalization", expand_skip_layer_normalization},
      {"MultiHeadAttention", expand_multi_head_attention},
      {"Attention", expand_attention},
  };
  if (node.domain != microsoft::domain || inputs.empty()) return nullptr;
  Body body(node, inputs);
  const auto found = expansions.find(node.op_type);
  if (found == expansions.end()) return microsoft::expand_quantized(body);
  return is_floating(inputs[0].element) ? found->second(body) : nullptr;
}

}  // namespace lapidary
