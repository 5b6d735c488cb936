#include "engine/opsets/fit_to_record.h"

#include <algorithm>
#include <set>

#include "engine/analysis/type_constraints.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

std::string set_name(const NodeRewrite& rewrite) { return "operator set " + std::to_string(rewrite.opset()); }

/// A hint about memory that operators had before version 6.
constexpr std::string_view memory_hint = "consumed_inputs";

/// Equal numbers, texts, or lists of them; what else an attribute may hold has no defaults.
template <class... T>
bool same_of(const AttributeValue& a, const AttributeValue& b) {
  return (
      (std::holds_alternative<T>(a) && std::holds_alternative<T>(b) && std::get<T>(a) == std::get<T>(b)) ||
      ...);
}
bool same(const AttributeValue& a, const AttributeValue& b) {
  return same_of<std::monostate, float, std::int64_t, std::string, std::vector<float>,
                 std::vector<std::int64_t>, std::vector<std::string>>(a, b);
}

void fit_attributes(NodeRewrite& rewrite, const Operator& from, const Operator& to) {
  const auto attributes = rewrite.node.attributes;
  for (const auto& attribute : attributes) {
    const AttributeSpec* spec = to.find_attribute(attribute.name);
    const AttributeSpec* former = from.find_attribute(attribute.name);
    if (!former && !spec) continue;  // neither version has it
    if (spec && spec->type == attribute.type()) continue;
    const bool is_default =
        former && attribute.reference.empty() && same(attribute.value, former->default_value);
    if (spec || !(is_default || attribute.name == memory_hint))
      rewrite.refuse("the attribute " + attribute.name + " = " + to_string(attribute.value) + " of " +
                     rewrite.node.op_type + " is not in " + set_name(rewrite));
    rewrite.remove(attribute.name);
  }
  for (const auto& spec : to.attributes) {
    if (rewrite.node.find_attribute(spec.name)) continue;
    const AttributeSpec* former = from.find_attribute(spec.name);
    const bool had_default = former && former->default_value.index() != 0;
    if (had_default && !same(former->default_value, spec.default_value))
      rewrite.set(spec.name, former->default_value);
    else if (spec.required && !had_default)
      rewrite.refuse("the attribute " + spec.name + " of " + rewrite.node.op_type + " must be given in " +
                     set_name(rewrite));
  }
}

void trim(std::vector<std::string>& names, std::size_t least) {
  while (names.size() > least && names.back().empty()) names.pop_back();
}

void fit_parameters(NodeRewrite& rewrite, const Operator& to) {
  Node& node = rewrite.node;
  trim(node.inputs, static_cast<std::size_t>(to.minimum_inputs()));
  trim(node.outputs, static_cast<std::size_t>(to.minimum_outputs()));
  if (static_cast<int>(node.inputs.size()) > to.maximum_inputs())
    rewrite.refuse("input " + std::to_string(to.maximum_inputs() + 1) + " of " + node.op_type +
                   " is not in " + set_name(rewrite));
  if (static_cast<int>(node.outputs.size()) > to.maximum_outputs())
    rewrite.refuse("output " + std::to_string(to.maximum_outputs() + 1) + " of " + node.op_type +
                   " is not in " + set_name(rewrite));
  if (static_cast<int>(node.inputs.size()) < to.minimum_inputs())
    rewrite.refuse(node.op_type + " needs at least " + std::to_string(to.minimum_inputs()) + " inputs in " +
                   set_name(rewrite));
  for (std::size_t i = 0; i < to.inputs.size(); ++i)
    if (to.inputs[i].arity == Arity::Single && !rewrite.has_input(i))
      rewrite.refuse("input '" + to.inputs[i].name + "' of " + node.op_type + " must be given in " +
                     set_name(rewrite));
}

// --- types ---

/// True if every number of type `narrow` is one of type `wide` too.
bool holds(DataType wide, DataType narrow) {
  if (narrow == DataType::Bool) return is_integer(wide) || is_floating(wide);
  if (wide == narrow || is_sub_byte(narrow) || is_sub_byte(wide)) return wide == narrow;
  if (is_floating(narrow))
    return narrow != DataType::Float64 &&
           (wide == DataType::Float64 || (wide == DataType::Float32 && narrow != DataType::Float32));
  if (!is_integer(narrow)) return false;
  const int digits = bits_of(narrow) - (is_signed(narrow) ? 1 : 0);
  if (wide == DataType::Float64) return digits <= 53;
  if (wide == DataType::Float32) return digits <= 24;
  return is_integer(wide) && bits_of(wide) - (is_signed(wide) ? 1 : 0) >= digits &&
         (is_signed(wide) || !is_signed(narrow));
}

bool takes(const Operator& record, const std::string& parameter_type, DataType element) {
  const TypeConstraint* constraint = record.find_constraint(parameter_type);
  const std::string text = "tensor(" + std::string(constraint_name_of(element)) + ")";
  return constraint && std::count(constraint->types.begin(), constraint->types.end(), text) > 0;
}

/// Operators whose results have types that inputs or attributes name, or that hold bodies.
bool can_be_widened(const Operator& record) {
  static const std::set<std::string_view> others = {"BitCast",
                                                    "Cast",
                                                    "CastLike",
                                                    "Constant",
                                                    "ConstantOfShape",
                                                    "DequantizeLinear",
                                                    "EyeLike",
                                                    "If",
                                                    "Loop",
                                                    "QuantizeLinear",
                                                    "QLinearConv",
                                                    "QLinearMatMul",
                                                    "RandomNormal",
                                                    "RandomUniform",
                                                    "Scan",
                                                    "RandomNormalLike",
                                                    "RandomUniformLike",
                                                    "Multinomial",
                                                    "BitwiseNot"};
  return !others.contains(record.name);
}

const Parameter* parameter_at(const std::vector<Parameter>& parameters, std::size_t index) {
  if (index < parameters.size()) return &parameters[index];
  return !parameters.empty() && parameters.back().arity == Arity::Variadic ? &parameters.back() : nullptr;
}

/// Runs the operator in a wider type, for all parameters that share the constraint.
void widen(NodeRewrite& rewrite, const Operator& record, const std::string& constraint, DataType wide) {
  const Node former = rewrite.node;
  std::vector<std::pair<std::string, std::string>> done;
  for (std::size_t i = 0; i < former.inputs.size(); ++i) {
    const Parameter* parameter = parameter_at(record.inputs, i);
    if (former.inputs[i].empty() || !parameter || parameter->type != constraint) continue;
    const auto same =
        std::find_if(done.begin(), done.end(), [&](const auto& d) { return d.first == former.inputs[i]; });
    if (same == done.end()) {
      done.emplace_back(former.inputs[i], rewrite.cast(former.inputs[i], wide));
      rewrite.node.inputs[i] = done.back().second;
    } else {
      rewrite.node.inputs[i] = same->second;
    }
  }
  for (std::size_t i = 0; i < former.outputs.size(); ++i) {
    const Parameter* parameter = parameter_at(record.outputs, i);
    if (former.outputs[i].empty() || !parameter || parameter->type != constraint) continue;
    const DataType narrow = rewrite.element(former.outputs[i]);
    rewrite.pass_output_through(i, "Cast", {}, {{"to", static_cast<std::int64_t>(narrow)}});
  }
}

/// The first parameter that has a value of a type which the record does not take; nothing if all fit.
struct Misfit {
  const Parameter* parameter;
  DataType element;
};
std::optional<Misfit> misfit_of(const NodeRewrite& rewrite, const Operator& record) {
  const auto find = [&](const std::vector<Parameter>& parameters,
                        const std::vector<std::string>& names) -> std::optional<Misfit> {
    for (std::size_t i = 0; i < names.size(); ++i) {
      const Parameter* parameter = parameter_at(parameters, i);
      if (!parameter || names[i].empty()) continue;
      const Type type = rewrite.type(names[i]);
      if (type.is_tensor() && type.element != DataType::Undefined &&
          record.find_constraint(parameter->type) && !takes(record, parameter->type, type.element))
        return Misfit{parameter, type.element};
    }
    return std::nullopt;
  };
  if (auto found = find(record.inputs, rewrite.node.inputs)) return found;
  return find(record.outputs, rewrite.node.outputs);
}

void fit_types(NodeRewrite& rewrite, const Operator& record) {
  std::vector<Type> inputs, outputs;
  for (const auto& name : rewrite.node.inputs) inputs.push_back(name.empty() ? Type() : rewrite.type(name));
  for (const auto& name : rewrite.node.outputs) outputs.push_back(name.empty() ? Type() : rewrite.type(name));
  const auto mismatches = type_mismatches(record, rewrite.node, inputs, outputs);
  if (mismatches.empty()) return;
  const auto misfit = misfit_of(rewrite, record);
  const Operator* cast = operator_table().find("", "Cast", rewrite.opset());
  if (misfit && can_be_widened(record) && cast && takes(*cast, cast->inputs[0].type, misfit->element))
    for (const DataType wide : {DataType::Int32, DataType::Float32, DataType::Int64, DataType::Float64})
      if (holds(wide, misfit->element) && takes(record, misfit->parameter->type, wide))
        return widen(rewrite, record, misfit->parameter->type, wide);
  rewrite.refuse(mismatches.front().message + " in " + set_name(rewrite));
}

}  // namespace

void fit_to_record(NodeRewrite& rewrite, const Operator& from, const Operator& to) {
  fit_attributes(rewrite, from, to);
  fit_parameters(rewrite, to);
  fit_types(rewrite, to);
}

}  // namespace lapidary
