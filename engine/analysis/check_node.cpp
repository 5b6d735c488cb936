#include <algorithm>

#include "engine/analysis/check_parts.h"
#include "engine/analysis/every_node.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

class NodeCheck {
 public:
  NodeCheck(const Model& model, const Node& node, const Function* function, const Graph* graph,
            const InferredTypes& types, Problems& problems)
      : model_(model), node_(node), function_(function), graph_(graph), types_(types), problems_(problems) {}

  void check() {
    if (node_.op_type.empty()) return report(Severity::Error, "", "has no operator");
    check_references();
    if (const Function* called = model_.find_function(node_)) return check_call(*called);
    const Operator* record = find_record();
    if (!record) return;
    if (record->is_deprecated)
      report(Severity::Warning, "",
             node_.op_type + " is deprecated since operator set " + std::to_string(record->since_version));
    check_inputs(*record);
    check_outputs(*record);
    check_attributes(*record);
    if (graph_) check_types(*record);
  }

 private:
  void report(Severity severity, const std::string& tensor, std::string message) {
    if (function_) message = "in function " + function_->name + ": " + message;
    add_problem(problems_, severity, node_.label(), tensor, std::move(message));
  }

  const Operator* find_record() {
    const std::string domain(normalized_domain(node_.domain));
    const std::int64_t opset = opset_within(model_, function_, domain);
    const std::string shown = domain.empty() ? "ai.onnx" : domain;
    if (opset == 0) {
      report(Severity::Error, "", "the operator set of domain " + shown + " is not imported");
      return nullptr;
    }
    const Operator* record = operator_table().find(domain, node_.op_type, opset);
    if (record) return record;
    const std::string name = node_.op_type + " of domain " + shown;
    if (operator_table().find(domain, node_.op_type, INT64_MAX))
      report(Severity::Error, "", name + " is not yet in operator set " + std::to_string(opset));
    else
      report(Severity::Warning, "", "this program does not know the operator " + name);
    return nullptr;
  }

  void check_references() {
    for (const auto& attribute : node_.attributes) {
      if (attribute.reference.empty()) continue;
      const auto is_named = [&](const auto& list, auto name_of_element) {
        return std::any_of(list.begin(), list.end(), [&](const auto& element) {
          return name_of_element(element) == attribute.reference;
        });
      };
      if (!function_) {
        report(Severity::Error, "",
               "attribute '" + attribute.name + "' refers to a function's attribute outside of a function");
      } else if (!is_named(function_->attributes, [](const std::string& name) { return name; }) &&
                 !is_named(function_->default_attributes, [](const Attribute& a) { return a.name; })) {
        report(Severity::Error, "",
               "attribute '" + attribute.name + "' refers to '" + attribute.reference +
                   "', which the function does not have");
      }
    }
  }

  void check_call(const Function& called) {
    if (node_.inputs.size() > called.inputs.size())
      report(Severity::Error, "",
             count_text(node_.inputs.size(), "input") + " given to function " + called.name + ", which has " +
                 std::to_string(called.inputs.size()));
    if (node_.outputs.size() > called.outputs.size())
      report(Severity::Error, "",
             count_text(node_.outputs.size(), "output") + " wanted of function " + called.name +
                 ", which has " + std::to_string(called.outputs.size()));
  }

  static std::string count_text(std::size_t count, const std::string& what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
  }

  void check_inputs(const Operator& record) {
    const int count = static_cast<int>(node_.inputs.size());
    if (count > record.maximum_inputs())
      report(Severity::Error, "",
             node_.op_type + " takes at most " +
                 count_text(static_cast<std::size_t>(record.maximum_inputs()), "input") + ", not " +
                 std::to_string(count));
    if (count < record.minimum_inputs())
      report(Severity::Error, "",
             node_.op_type + " needs at least " +
                 count_text(static_cast<std::size_t>(record.minimum_inputs()), "input") + ", not " +
                 std::to_string(count));
    for (std::size_t i = 0; i < std::min(node_.inputs.size(), record.inputs.size()); ++i)
      if (record.inputs[i].arity == Arity::Single && node_.inputs[i].empty())
        report(Severity::Error, "", "input '" + record.inputs[i].name + "' is left out, but is required");
  }

  void check_outputs(const Operator& record) {
    const int count = static_cast<int>(node_.outputs.size());
    if (count > record.maximum_outputs())
      report(Severity::Error, "",
             node_.op_type + " gives at most " +
                 count_text(static_cast<std::size_t>(record.maximum_outputs()), "output") + ", not " +
                 std::to_string(count));
    if (count < record.minimum_outputs())
      report(Severity::Error, "",
             node_.op_type + " gives at least " +
                 count_text(static_cast<std::size_t>(record.minimum_outputs()), "output") + ", not " +
                 std::to_string(count));
  }

  void check_attributes(const Operator& record) {
    std::unordered_set<std::string_view> seen;
    for (const auto& attribute : node_.attributes) {
      if (!seen.insert(attribute.name).second)
        report(Severity::Error, "", "attribute '" + attribute.name + "' stands twice");
      const AttributeSpec* spec = record.find_attribute(attribute.name);
      // Vendors add attributes without a new version; the standard does not.
      if (!spec && record.domain.empty())
        report(Severity::Error, "", node_.op_type + " has no attribute '" + attribute.name + "'");
      if (spec && attribute.type() != spec->type)
        report(Severity::Error, "",
               "attribute '" + attribute.name + "' is of type " + std::string(name_of(attribute.type())) +
                   ", not " + std::string(name_of(spec->type)));
    }
    for (const auto& spec : record.attributes)
      if (spec.required && !seen.contains(spec.name))
        report(Severity::Error, "", "attribute '" + spec.name + "' is missing");
  }

  void check_types(const Operator& record) {
    std::unordered_map<std::string_view, std::string> bound;  // constraint's name to type
    for (std::size_t i = 0; i < node_.inputs.size() && !record.inputs.empty(); ++i) {
      const Parameter& parameter = record.inputs[std::min(i, record.inputs.size() - 1)];
      if (i >= record.inputs.size() && parameter.arity != Arity::Variadic) return;
      const Type& type = types_.type_in(graph_, node_.inputs[i]);
      if (node_.inputs[i].empty() || !is_complete(type)) continue;
      check_type(record, parameter, node_.inputs[i], constraint_text(type), bound);
    }
  }

  void check_type(const Operator& record, const Parameter& parameter, const std::string& tensor,
                  const std::string& type, std::unordered_map<std::string_view, std::string>& bound) {
    const TypeConstraint* constraint = record.find_constraint(parameter.type);
    const bool fits = constraint ? std::count(constraint->types.begin(), constraint->types.end(), type) > 0
                                 : parameter.type == type;
    if (!fits) {
      report(Severity::Error, tensor,
             "input '" + parameter.name + "' of " + node_.op_type + " cannot be " + type);
      return;
    }
    if (!constraint || (parameter.arity == Arity::Variadic && !parameter.homogeneous)) return;
    const auto [place, fresh] = bound.try_emplace(parameter.type, type);
    if (!fresh && place->second != type)
      report(Severity::Error, tensor,
             "input '" + parameter.name + "' is " + type +
                 ", but an input that must be of the same type is " + place->second);
  }

  static bool is_complete(const Type& type) {
    if (type.kind == Type::Kind::Unknown) return false;
    if (type.inner) return is_complete(*type.inner);
    return type.element != DataType::Undefined && type.kind != Type::Kind::Sequence &&
           type.kind != Type::Kind::Optional && type.kind != Type::Kind::Map;
  }

  const Model& model_;
  const Node& node_;
  const Function* function_;
  const Graph* graph_;
  const InferredTypes& types_;
  Problems& problems_;
};

}  // namespace

void check_node(const Model& model, const Node& node, const Function* function, const Graph* graph,
                const InferredTypes& types, Problems& problems) {
  NodeCheck(model, node, function, graph, types, problems).check();
}

}  // namespace lapidary
