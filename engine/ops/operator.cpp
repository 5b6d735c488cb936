#include "engine/ops/operator.h"

#include <algorithm>
#include <array>
#include <climits>

namespace lapidary {

std::string_view name_of(OperatorKind kind) {
  static constexpr std::array<std::string_view, 9> names = {
      "matrix and convolution", "normalization", "activation",   "element-wise", "pooling and reduction",
      "shape and layout",       "control flow",  "quantization", "other"};
  return names[static_cast<std::size_t>(kind)];
}

std::optional<Dims> CostContext::input_dims(std::size_t index) const {
  if (index >= inputs.size() || !inputs[index].shape) return std::nullopt;
  return constant_dims(*inputs[index].shape);
}

std::optional<Dims> CostContext::output_dims(std::size_t index) const {
  if (index >= outputs.size() || !outputs[index].shape) return std::nullopt;
  return constant_dims(*outputs[index].shape);
}

std::optional<double> CostContext::output_elements() const {
  const auto dims = output_dims(0);
  if (!dims) return std::nullopt;
  return static_cast<double>(element_count(*dims));
}

Operator::Operator(std::string operator_name, int version, OperatorKind operator_kind,
                   std::string operator_domain)
    : name(std::move(operator_name)),
      domain(std::move(operator_domain)),
      since_version(version),
      kind(operator_kind) {}

Operator& Operator::summary(std::string text) {
  summary_text = std::move(text);
  return *this;
}

namespace {

void add_parameter(std::vector<Parameter>& list, std::string name, std::string type, std::string description,
                   Arity arity, int minimum, bool homogeneous) {
  list.push_back({std::move(name), std::move(type), arity, std::move(description), homogeneous, minimum});
}

int minimum_of(const std::vector<Parameter>& list) {
  int minimum = 0;
  for (int i = 0; i < static_cast<int>(list.size()); ++i) {
    if (list[i].arity == Arity::Single) minimum = i + 1;
    if (list[i].arity == Arity::Variadic) minimum = std::max(minimum, i + list[i].minimum);
  }
  return minimum;
}

int maximum_of(const std::vector<Parameter>& list) {
  return !list.empty() && list.back().arity == Arity::Variadic ? INT_MAX : static_cast<int>(list.size());
}

}  // namespace

Operator& Operator::input(std::string parameter, std::string type, std::string description, Arity arity) {
  add_parameter(inputs, std::move(parameter), std::move(type), std::move(description), arity, 1, true);
  return *this;
}

Operator& Operator::optional_input(std::string parameter, std::string type, std::string description) {
  return input(std::move(parameter), std::move(type), std::move(description), Arity::Optional);
}

Operator& Operator::variadic_input(std::string parameter, std::string type, std::string description,
                                   int minimum, bool homogeneous) {
  add_parameter(inputs, std::move(parameter), std::move(type), std::move(description), Arity::Variadic,
                minimum, homogeneous);
  return *this;
}

Operator& Operator::output(std::string parameter, std::string type, std::string description, Arity arity) {
  add_parameter(outputs, std::move(parameter), std::move(type), std::move(description), arity, 1, true);
  return *this;
}

Operator& Operator::optional_output(std::string parameter, std::string type, std::string description) {
  return output(std::move(parameter), std::move(type), std::move(description), Arity::Optional);
}

Operator& Operator::variadic_output(std::string parameter, std::string type, std::string description,
                                    int minimum, bool homogeneous) {
  add_parameter(outputs, std::move(parameter), std::move(type), std::move(description), Arity::Variadic,
                minimum, homogeneous);
  return *this;
}

Operator& Operator::attribute(std::string attribute_name, AttributeValue default_value,
                              std::string description) {
  const auto type = static_cast<AttributeType>(default_value.index());
  without_attribute(attribute_name);
  attributes.push_back(
      {std::move(attribute_name), type, std::move(default_value), false, std::move(description)});
  return *this;
}

Operator& Operator::optional_attribute(std::string attribute_name, AttributeType type,
                                       std::string description) {
  without_attribute(attribute_name);
  attributes.push_back({std::move(attribute_name), type, {}, false, std::move(description)});
  return *this;
}

Operator& Operator::required_attribute(std::string attribute_name, AttributeType type,
                                       std::string description) {
  without_attribute(attribute_name);
  attributes.push_back({std::move(attribute_name), type, {}, true, std::move(description)});
  return *this;
}

Operator& Operator::without_attribute(std::string_view attribute_name) {
  std::erase_if(attributes, [&](const AttributeSpec& a) { return a.name == attribute_name; });
  return *this;
}

Operator& Operator::constraint(std::string constraint_name, std::vector<std::string> types) {
  for (auto& existing : constraints)
    if (existing.name == constraint_name) {
      existing.types = std::move(types);
      return *this;
    }
  constraints.push_back({std::move(constraint_name), std::move(types)});
  return *this;
}

Operator& Operator::infer(InferenceFunction function) {
  infer_function = std::move(function);
  return *this;
}

Operator& Operator::kernel(KernelFunction function) {
  kernel_function = function;
  return *this;
}

Operator& Operator::cost(CostFunction function) {
  cost_function = std::move(function);
  return *this;
}

Operator& Operator::deprecated() {
  is_deprecated = true;
  return *this;
}

Operator& Operator::nondeterministic() {
  is_deterministic = false;
  return *this;
}

Operator& Operator::example(std::string text) {
  example_text = std::move(text);
  return *this;
}

Operator& Operator::change(std::string text) {
  change_text = std::move(text);
  return *this;
}

Operator Operator::at(int version) const {
  Operator copy = *this;
  copy.change_text.clear();
  copy.since_version = version;
  copy.is_deprecated = false;
  return copy;
}

Operator& Operator::clear_inputs() {
  inputs.clear();
  return *this;
}

Operator& Operator::clear_outputs() {
  outputs.clear();
  return *this;
}

const AttributeSpec* Operator::find_attribute(std::string_view attribute_name) const {
  const auto found = std::find_if(attributes.begin(), attributes.end(),
                                  [&](const AttributeSpec& a) { return a.name == attribute_name; });
  return found == attributes.end() ? nullptr : &*found;
}

const TypeConstraint* Operator::find_constraint(std::string_view constraint_name) const {
  const auto found = std::find_if(constraints.begin(), constraints.end(),
                                  [&](const TypeConstraint& c) { return c.name == constraint_name; });
  return found == constraints.end() ? nullptr : &*found;
}

int Operator::minimum_inputs() const { return minimum_of(inputs); }
int Operator::maximum_inputs() const { return maximum_of(inputs); }
int Operator::minimum_outputs() const { return minimum_of(outputs); }
int Operator::maximum_outputs() const { return maximum_of(outputs); }

}  // namespace lapidary
