#include "engine/ops/microsoft/expansion.h"

#include <algorithm>
#include <map>

#include "engine/ops/microsoft/fused.h"
#include "engine/ops/microsoft/microsoft.h"

namespace lapidary {
namespace {

using microsoft::FusedActivation;

/// A graph that is written node by node. Its values are called by numbers in the order in which they are
/// made.
class Body {
 public:
  Body(const Node& node, const std::vector<Type>& types) : node_(node), types_(types) {
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      Value value;
      if (!node.inputs[i].empty()) value.name = "input_" + std::to_string(i);
      graph_.inputs.push_back(std::move(value));
    }
  }

  const Node& node() const { return node_; }
  /// Name of the node's input, empty where it is left out.
  std::string input(std::size_t index) const {
    return index < graph_.inputs.size() ? graph_.inputs[index].name : "";
  }
  const Type& type(std::size_t index) const { return types_.at(index); }

  /// Adds a node; returns the name of its first output.
  std::string add(const char* op_type, std::vector<std::string> inputs, Attributes attributes = {}) {
    return add_all(op_type, std::move(inputs), std::move(attributes), 1)[0];
  }

  /// Adds a node; returns the names of its `count` outputs.
  std::vector<std::string> add_all(const char* op_type, std::vector<std::string> inputs,
                                   Attributes attributes, std::size_t count) {
    auto added = std::make_shared<Node>();
    added->name = node_.name;
    added->op_type = op_type;
    added->inputs = std::move(inputs);
    for (std::size_t i = 0; i < count; ++i)
      added->outputs.push_back("value_" + std::to_string(nodes_.size()) + "_" + std::to_string(i));
    for (auto& [name, value] : attributes) {
      Attribute& attribute = added->attributes.emplace_back();
      attribute.name = std::move(name);
      attribute.value = std::move(value);
    }
    nodes_.push_back(added);
    return added->outputs;
  }

  /// A scalar in the type of input 0.
  std::string scalar(double number) {
    return constant(tensor_from(type(0).element, {}, std::vector<double>{number}));
  }
  /// [n] whole numbers.
  std::string list(const std::vector<std::int64_t>& numbers) {
    return constant(Tensor::of<std::int64_t>({static_cast<std::int64_t>(numbers.size())}, numbers));
  }
  std::string constant(Tensor value) {
    auto tensor = std::make_shared<NamedTensor>();
    tensor->name = "constant_" + std::to_string(constants_.size());
    tensor->tensor = std::move(value);
    constants_.push_back(tensor);
    return tensor->name;
  }

  bool wants(std::size_t output) const {
    return output < node_.outputs.size() && !node_.outputs[output].empty();
  }
  bool has_any(std::initializer_list<std::size_t> inputs) const {
    return std::any_of(inputs.begin(), inputs.end(), [&](std::size_t i) { return !input(i).empty(); });
  }
  /// Sizes of an input if all are numbers and it has `rank` axes.
  std::optional<Dims> dims(std::size_t index, std::size_t rank) const {
    if (input(index).empty() || !type(index).shape || type(index).shape->size() != rank) return std::nullopt;
    Dims sizes;
    for (const Dimension& size : *type(index).shape) {
      if (!size.is_constant()) return std::nullopt;
      sizes.push_back(size.value());
    }
    return sizes;
  }

  GraphPointer finish(std::vector<std::string> outputs) {
    for (auto& name : outputs) {
      Value value;
      value.name = std::move(name);
      graph_.outputs.push_back(std::move(value));
    }
    graph_.nodes = PersistentVector(std::move(nodes_));
    graph_.initializers = PersistentVector(std::move(constants_));
    return std::make_shared<const Graph>(std::move(graph_));
  }

 private:
  const Node& node_;
  const std::vector<Type>& types_;
  Graph graph_;
  std::vector<std::shared_ptr<const Node>> nodes_;
  std::vector<std::shared_ptr<const NamedTensor>> constants_;
};

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
std::string score_bias(Body& body, std::size_t mask, std::size_t bias) {
  if (body.input(mask).empty()) return body.input(bias);
  const auto filter = static_cast<double>(body.node().attribute_or("mask_filter_value", -10000.0f));
  const std::string none = body.constant(tensor_from(body.type(mask).element, {}, std::vector<double>{0}));
  const std::string hidden =
      body.add("Where", {body.add("Greater", {body.input(mask), none}), body.scalar(0), body.scalar(filter)});
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
  return body.finish(body.add_all("Attention",
                                  {q, k, v, score_bias(body, 4, 5), body.input(6), body.input(7)},
                                  attention_attributes(body.node()), body.wants(1) || body.wants(2) ? 3 : 1));
}

/// Self-attention with its projection, without a past.
GraphPointer expand_attention(Body& body) {
  const auto x = body.dims(0, 3), weights = body.dims(1, 2), mask = body.dims(3, 2);
  if (!x || !weights || body.has_any({4, 6}) || body.wants(1) ||
      body.node().attribute_or("do_rotary", std::int64_t{0}) != 0 ||
      (body.has_any({3}) && (!mask || *mask != Dims{(*x)[0], (*x)[1]})))
    return nullptr;
  const std::int64_t width = (*weights)[1];
  auto sizes = body.node().attribute_or("qkv_hidden_sizes", std::vector<std::int64_t>(3, width / 3));
  if (sizes.size() != 3 || sizes[0] + sizes[1] + sizes[2] != width || sizes[0] != sizes[1] ||
      !has_heads(body.node(), sizes[0]) || !has_heads(body.node(), sizes[2]))
    return nullptr;
  const std::string projection =
      with_sum(body, body.add("MatMul", {body.input(0), body.input(1)}), body.input(2));
  const auto parts = body.add_all("Split", {projection, body.list(sizes)}, {{"axis", std::int64_t{2}}}, 3);
  return body.finish({body.add("Attention", {parts[0], parts[1], parts[2], score_bias(body, 3, 5)},
                               attention_attributes(body.node()))});
}

}  // namespace

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
  if (node.domain != microsoft::domain || inputs.empty() || !is_floating(inputs[0].element)) return nullptr;
  const auto found = expansions.find(node.op_type);
  if (found == expansions.end()) return nullptr;
  Body body(node, inputs);
  return found->second(body);
}

}  // namespace lapidary
