#include "engine/precision/node_retyping.h"

#include <algorithm>
#include <array>
#include <map>

#include "engine/model/nodes.h"
#include "engine/precision/rounding.h"
#include "engine/precision/typed_scope.h"

namespace lapidary {

bool TypeExchange::concerns(DataType type) const {
  return std::find(from.begin(), from.end(), type) != from.end();
}

bool TypeExchange::concerns(const Type& type) const { return concerns(element_of(type)); }

Type TypeExchange::exchanged(const Type& type) const {
  return concerns(type) ? with_element(type, to) : type;
}

namespace {

/// The formal parameter of an actual one; nullptr behind the last.
const Parameter* parameter_of(const std::vector<Parameter>& parameters, std::size_t index) {
  if (index < parameters.size()) return &parameters[index];
  return !parameters.empty() && parameters.back().arity == Arity::Variadic ? &parameters.back() : nullptr;
}

/// True if all that shares the constraint has one type.
bool is_shared(const Operator& record, const Parameter& parameter) {
  return record.find_constraint(parameter.type) &&
         (parameter.arity != Arity::Variadic || parameter.homogeneous);
}

}  // namespace

bool NodeRetyping::allows(const Parameter& parameter, const Type& type) const {
  const std::string text = constraint_text(type);
  const TypeConstraint* constraint = record_.find_constraint(parameter.type);
  if (!constraint) return parameter.type == text;
  return std::find(constraint->types.begin(), constraint->types.end(), text) != constraint->types.end();
}

NodeRetyping::NodeRetyping(const Operator& record, const Node& node, const std::vector<Type>& inputs,
                           const std::vector<Type>& outputs, const TypeExchange& exchange)
    : record_(record), exchange_(exchange) {
  struct Use {
    const Parameter* parameter;
    const Type* type;
  };
  std::vector<Use> uses;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    uses.push_back({parameter_of(record.inputs, i), &inputs[i]});
  for (std::size_t i = 0; i < outputs.size(); ++i)
    uses.push_back({parameter_of(record.outputs, i), &outputs[i]});
  std::map<std::string_view, int> users;     // of a shared constraint
  std::map<std::string_view, bool> refused;  // where one user cannot have the type
  for (std::size_t i = 0; i < uses.size(); ++i) {
    const auto [parameter, type] = uses[i];
    const bool is_given =
        i < inputs.size() ? !node.inputs[i].empty() : !node.outputs[i - inputs.size()].empty();
    if (!is_given || !parameter) continue;
    if (is_shared(record, *parameter)) ++users[parameter->type];
    if (exchange.concerns(*type) && !allows(*parameter, exchange.exchanged(*type)) &&
        is_shared(record, *parameter))
      refused[parameter->type] = true;
  }
  std::vector<bool> exchanged;
  for (const auto& [parameter, type] : uses) {
    const bool concerns = exchange.concerns(*type);
    exchanged.push_back(concerns && parameter && allows(*parameter, exchange.exchanged(*type)) &&
                        !refused.contains(parameter->type));
    is_concerned_ = is_concerned_ || concerns;
    is_possible_ = is_possible_ || exchanged.back();
  }
  const auto middle = exchanged.begin() + static_cast<std::ptrdiff_t>(inputs.size());
  exchanged_inputs_.assign(exchanged.begin(), middle);
  exchanged_outputs_.assign(middle, exchanged.end());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Parameter* parameter = uses[i].parameter;
    free_inputs_.push_back(exchanged_inputs_[i] && is_shared(record, *parameter) &&
                           users[parameter->type] == 1 && inputs[i].is_tensor());
  }
}

bool NodeRetyping::may_exchange_result(const Type& type) const {
  if (!exchange_.concerns(type)) return false;
  const Type result = exchange_.exchanged(type);
  return std::any_of(record_.outputs.begin(), record_.outputs.end(), [&](const Parameter& output) {
    return allows(output, result) || allows(output, Type::sequence(result));
  });
}

namespace {

bool may_make(const Operator& record, DataType element) {
  const std::string text = constraint_text(Type::tensor(element));
  return std::any_of(record.outputs.begin(), record.outputs.end(), [&](const Parameter& output) {
    const TypeConstraint* constraint = record.find_constraint(output.type);
    return constraint &&
           std::any_of(constraint->types.begin(), constraint->types.end(),
                       [&](const auto& type) { return type == text || type == "seq(" + text + ")"; });
  });
}

bool names_element_type(const AttributeSpec& spec) {
  static constexpr std::array names{"to", "dtype", "output_datatype", "output_dtype"};
  return std::find(names.begin(), names.end(), spec.name) != names.end() &&
         (spec.type == AttributeType::Int || spec.type == AttributeType::String);
}

/// In the form that the attribute has: a number, or before version 6 of Cast the type's name.
AttributeValue element_type_value(const AttributeSpec& spec, DataType type) {
  if (spec.type == AttributeType::String) return std::string(onnx_name_of(type));
  return static_cast<std::int64_t>(type);
}

DataType element_type_of(const AttributeValue& value) {
  if (const auto* text = std::get_if<std::string>(&value))
    return data_type_from(*text).value_or(DataType::Undefined);
  const auto* number = std::get_if<std::int64_t>(&value);
  return number && *number > 0 && *number < data_type_count ? static_cast<DataType>(*number)
                                                            : DataType::Undefined;
}

}  // namespace

void retype_attributes(Node& node, const Operator& record, const TypeExchange& exchange, bool always) {
  if (!may_make(record, exchange.to)) return;
  for (const AttributeSpec& spec : record.attributes) {
    const Attribute* given = node.find_attribute(spec.name);
    if (names_element_type(spec)) {
      const DataType type = element_type_of(given ? given->value : spec.default_value);
      if (exchange.concerns(type) || (always && !given))
        set_attribute(node, spec.name, element_type_value(spec, exchange.to));
    } else if (spec.type == AttributeType::Tensor) {
      const auto tensor = node.attribute_or(spec.name, std::shared_ptr<const NamedTensor>());
      if (tensor ? !exchange.concerns(tensor->tensor.type()) : !always || spec.name != "value") continue;
      NamedTensor changed = tensor ? *tensor : NamedTensor();
      changed.tensor = rounded(tensor ? tensor->tensor : Tensor::of<float>({1}, {0.0f}), exchange.to);
      changed.in_typed_field = false;
      set_attribute(node, spec.name, std::make_shared<const NamedTensor>(std::move(changed)));
    }
  }
}

namespace {

class RetypedContext : public InferenceContext {
 public:
  using BodyTypes = std::function<std::vector<Type>(const Graph&, const std::vector<Type>&)>;

  RetypedContext(const Node& node, int version, const std::vector<Type>& inputs,
                 const std::vector<const ValueFacts*>& facts, const BodyTypes& body_types)
      : InferenceContext(node, version), inputs_(inputs), facts_(facts), body_types_(body_types) {}

  const Type& input_type(std::size_t index) const override {
    static const Type unknown;
    return index < inputs_.size() ? inputs_[index] : unknown;
  }
  /// Floating constants are left out: they are in another type by now.
  const Tensor* input_constant(std::size_t index) const override {
    const ValueFacts* facts = index < facts_.size() ? facts_[index] : nullptr;
    return facts && facts->constant.is_present() && !is_floating(facts->constant.type()) ? &facts->constant
                                                                                         : nullptr;
  }
  std::optional<std::vector<Dimension>> input_values(std::size_t index) const override {
    return index < facts_.size() && facts_[index] ? facts_[index]->values : std::nullopt;
  }
  std::vector<Type> infer_subgraph(const Graph& graph, const std::vector<Type>& inputs) override {
    return body_types_(graph, inputs);
  }

 private:
  const std::vector<Type>& inputs_;
  const std::vector<const ValueFacts*>& facts_;
  const BodyTypes& body_types_;
};

}  // namespace

std::vector<Type> output_types(
    const Operator& record, const Node& node, const std::vector<Type>& inputs,
    const std::vector<const ValueFacts*>& facts,
    const std::function<std::vector<Type>(const Graph&, const std::vector<Type>&)>& body_types) {
  RetypedContext context(node, record.since_version, inputs, facts, body_types);
  if (record.infer_function) reporting_errors(record.infer_function)(context);
  return context.outputs();
}

}  // namespace lapidary
