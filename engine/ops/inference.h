#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

/// What shape inference of one node may ask and say. Never throws for what a model contains: it reports, and
/// leaves unknown what it cannot derive.
class InferenceContext {
 public:
  InferenceContext(const Node& node, int version) : node_(&node), version_(version) {
    outputs_.resize(node.outputs.size());
    output_values_.resize(node.outputs.size());
  }
  virtual ~InferenceContext() = default;

  const Node& node() const { return *node_; }
  int version() const { return version_; }  ///< since-version of the record in force

  // --- attributes, with the default that the caller names; a wrong type reads as absent ---
  std::int64_t integer(std::string_view name, std::int64_t otherwise) const {
    return node_->attribute_or(name, otherwise);
  }
  float real(std::string_view name, float otherwise) const { return node_->attribute_or(name, otherwise); }
  std::string text(std::string_view name, std::string otherwise) const {
    return node_->attribute_or(name, std::move(otherwise));
  }
  std::vector<std::int64_t> integers(std::string_view name) const {
    return node_->attribute_or(name, std::vector<std::int64_t>{});
  }
  bool has_attribute(std::string_view name) const { return node_->find_attribute(name) != nullptr; }

  // --- inputs ---
  std::size_t input_count() const { return node_->inputs.size(); }
  bool has_input(std::size_t index) const {
    return index < node_->inputs.size() && !node_->inputs[index].empty();
  }
  /// Kind::Unknown if it is absent or not known.
  virtual const Type& input_type(std::size_t index) const = 0;
  DataType input_element(std::size_t index) const { return input_type(index).element; }
  const std::optional<Shape>& input_shape(std::size_t index) const { return input_type(index).shape; }
  /// The value, if it is known and constant (initializers, constants, folded); nullptr otherwise.
  virtual const Tensor* input_constant(std::size_t index) const = 0;
  /// The elements of a small integer tensor as dimensions, known or symbolic (the result of Shape and what is
  /// made from it); nothing if not known. Scalars have one element.
  virtual std::optional<std::vector<Dimension>> input_values(std::size_t index) const = 0;

  // --- results ---
  std::size_t output_count() const { return node_->outputs.size(); }
  void set_output(std::size_t index, Type type) {
    if (index < outputs_.size()) outputs_[index] = std::move(type);
  }
  void set_output(std::size_t index, DataType element, std::optional<Shape> shape) {
    set_output(index, Type::tensor(element, std::move(shape)));
  }
  /// Contents of a small integer output, known or symbolic.
  void set_output_values(std::size_t index, std::vector<Dimension> values) {
    if (index < output_values_.size()) output_values_[index] = std::move(values);
  }
  /// Types of a subgraph's outputs when its inputs have the given types; names from outside are found.
  virtual std::vector<Type> infer_subgraph(const Graph& graph, const std::vector<Type>& inputs) = 0;
  /// A contradiction found in the model: "cannot broadcast 3 × 4 with 5".
  void report(std::string message) { problems_.push_back(std::move(message)); }

  const std::vector<Type>& outputs() const { return outputs_; }
  const std::vector<std::optional<std::vector<Dimension>>>& output_values() const { return output_values_; }
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  const Node* node_;
  int version_;
  std::vector<Type> outputs_;
  std::vector<std::optional<std::vector<Dimension>>> output_values_;
  std::vector<std::string> problems_;
};

/// The rule with an Error that it throws reported instead; what it had set before stays.
std::function<void(InferenceContext&)> reporting_errors(std::function<void(InferenceContext&)> rule);

// --- rules that many operators share ---

/// Output 0 has the type of input 0.
void same_as_input(InferenceContext& context);
/// Output 0: element type of input 0, shapes of all inputs broadcast together (numpy's rule).
void broadcast_inputs(InferenceContext& context);
/// As broadcast_inputs, with bool elements.
void broadcast_to_bool(InferenceContext& context);
/// The shape that numpy's broadcasting gives, or nothing where a rank is unknown. Where two sizes contradict
/// each other, reports and gives an unknown dimension.
std::optional<Shape> broadcast(InferenceContext& context, const std::vector<std::optional<Shape>>& shapes);
/// axis in [-rank, rank) made non-negative; reports and gives nothing otherwise.
std::optional<std::int64_t> normalized_axis(InferenceContext& context, std::int64_t axis, std::size_t rank);

}  // namespace lapidary
