#include "engine/analysis/type_constraints.h"

#include <algorithm>
#include <unordered_map>

namespace lapidary {
namespace {

bool is_complete(const Type& type) {
  if (type.kind == Type::Kind::Unknown) return false;
  if (type.kind == Type::Kind::Sequence || type.kind == Type::Kind::Optional)
    return type.inner && is_complete(*type.inner);
  return type.element != DataType::Undefined &&
         (type.kind != Type::Kind::Map || (type.inner && is_complete(*type.inner)));
}

class Constraints {
 public:
  Constraints(const Operator& record, const Node& node) : record_(record), node_(node) {}

  std::vector<TypeMismatch> take() { return std::move(mismatches_); }

  void check(const char* sort, const std::vector<Parameter>& parameters,
             const std::vector<std::string>& names, const std::vector<Type>& types) {
    for (std::size_t i = 0; i < std::min(names.size(), types.size()) && !parameters.empty(); ++i) {
      const Parameter& parameter = parameters[std::min(i, parameters.size() - 1)];
      if (i >= parameters.size() && parameter.arity != Arity::Variadic) return;
      if (names[i].empty() || !is_complete(types[i])) continue;
      check_one(sort, parameter, names[i], constraint_text(types[i]));
    }
  }

 private:
  void check_one(const std::string& sort, const Parameter& parameter, const std::string& tensor,
                 const std::string& type) {
    const TypeConstraint* constraint = record_.find_constraint(parameter.type);
    const bool fits = constraint ? std::count(constraint->types.begin(), constraint->types.end(), type) > 0
                                 : parameter.type == type;
    if (!fits) {
      mismatches_.push_back(
          {tensor, sort + " '" + parameter.name + "' of " + node_.op_type + " cannot be " + type});
      return;
    }
    if (!constraint || (parameter.arity == Arity::Variadic && !parameter.homogeneous)) return;
    const auto [place, fresh] = bound_.try_emplace(parameter.type, type);
    if (!fresh && place->second != type)
      mismatches_.push_back({tensor, sort + " '" + parameter.name + "' is " + type +
                                         ", but an input that must be of the same type is " + place->second});
  }

  const Operator& record_;
  const Node& node_;
  std::unordered_map<std::string_view, std::string> bound_;  // constraint's name to type
  std::vector<TypeMismatch> mismatches_;
};

}  // namespace

std::vector<TypeMismatch> type_mismatches(const Operator& record, const Node& node,
                                          const std::vector<Type>& inputs, const std::vector<Type>& outputs) {
  Constraints constraints(record, node);
  constraints.check("input", record.inputs, node.inputs, inputs);
  constraints.check("output", record.outputs, node.outputs, outputs);
  return constraints.take();
}

}  // namespace lapidary
