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
    auto added = std::make_shared<Node>();
    added->name = node_.name;
    added->op_type = op_type;
    added->inputs = std::move(inputs);
    added->outputs = {"value_" + std::to_string(nodes_.size())};
    for (auto& [name, value] : attributes) {
      Attribute& attribute = added->attributes.emplace_back();
      attribute.name = std::move(name);
      attribute.value = std::move(value);
    }
    nodes_.push_back(added);
    return added->outputs[0];
  }

  /// A scalar in the type of input 0.
  std::string scalar(double number) {
    auto tensor = std::make_shared<NamedTensor>();
    tensor->name = "constant_" + std::to_string(constants_.size());
    tensor->tensor = tensor_from(type(0).element, {}, std::vector<double>{number});
    constants_.push_back(tensor);
    return tensor->name;
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
  };
  if (node.domain != microsoft::domain || inputs.empty() || !is_floating(inputs[0].element)) return nullptr;
  const auto found = expansions.find(node.op_type);
  if (found == expansions.end()) return nullptr;
  Body body(node, inputs);
  return found->second(body);
}

}  // namespace lapidary
