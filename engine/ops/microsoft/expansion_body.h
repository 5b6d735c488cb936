#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "engine/model/model.h"
#include "engine/ops/composition.h"

namespace lapidary::microsoft {

/// In place of an input's position: the operator has no such input.
inline constexpr std::size_t no_input = static_cast<std::size_t>(-1);

/// A graph that is written node by node. Its values are called by numbers in the order in which they are
/// made.
class ExpansionBody {
 public:
  ExpansionBody(const Node& node, const std::vector<Type>& types) : node_(node), types_(types) {
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
  /// Of an input that is there; undefined otherwise.
  DataType element(std::size_t index) const {
    return input(index).empty() ? DataType::Undefined : type(index).element;
  }

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
  std::string scalar(double number) { return scalar(number, type(0).element); }
  std::string scalar(double number, DataType element) {
    return constant(tensor_from(element, {}, std::vector<double>{number}));
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

/// The form of a node of an operator on quantized tensors; nullptr where it has none.
GraphPointer expand_quantized(ExpansionBody& body);
/// Self-attention on a projection [B, S, q + k + v] with a mask of 0 and 1 at input `mask` and a bias of the
/// scores at input `bias`, in floats of type `element`; nullptr where masks or sizes are others.
GraphPointer expand_projected_attention(ExpansionBody& body, const std::string& projection, std::size_t mask,
                                        std::size_t bias, DataType element);

}  // namespace lapidary::microsoft
