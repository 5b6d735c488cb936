#include <algorithm>

#include "engine/analysis/attribute_choices.h"
#include "engine/analysis/check_parts.h"
#include "engine/analysis/every_node.h"
#include "engine/analysis/problem_texts.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

class NodeCheck {
 public:
  NodeCheck(const Model& model, const Node& node, const Function* function, Problems& problems)
      : model_(model), node_(node), function_(function), problems_(problems) {}

  void check() {
    if (node_.op_type.empty()) return report(Severity::Error, "", "has no operator");
    check_references();
    if (const Function* called = model_.find_function(node_)) return check_call(*called);
    const Operator* record = find_record();
    if (!record) return;
    if (record->is_deprecated)
      report(Severity::Error, "",
             node_.op_type + " is deprecated since operator set " + std::to_string(record->since_version));
    check_inputs(*record);
    check_outputs(*record);
    check_attributes(*record);
    for (auto& message : body_problems(node_, record->since_version)) report(Severity::Error, "", message);
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
      report(Severity::Error, "", "the operator set of domain " + shown + std::string(not_imported_text));
      return nullptr;
    }
    const Operator* record = operator_table().find(domain, node_.op_type, opset);
    // ONNX Runtime runs it in older operator sets too; the standard does not have it there.
    const bool is_early = domain.empty() && node_.op_type == "LayerNormalization" && opset < 17;
    if (record && !is_early) return record;
    const std::string name = node_.op_type + " of domain " + shown;
    if (record || operator_table().find(domain, node_.op_type, INT64_MAX))
      report(Severity::Error, "", name + " is not yet in operator set " + std::to_string(opset));
    else if (is_standard(domain))
      report(Severity::Error, "", "there is no operator " + name);
    else if (has_functions(domain))
      report(Severity::Error, "", "the model has no function " + name + ", though others of that domain");
    else
      report(Severity::Warning, "", "this program does not know the operator " + name);
    return nullptr;
  }

  static bool is_standard(std::string_view domain) {
    return domain.empty() || domain == "ai.onnx.ml" || domain == "ai.onnx.preview" ||
           domain == "ai.onnx.preview.training";
  }

  bool has_functions(std::string_view domain) const {
    return std::any_of(model_.functions.begin(), model_.functions.end(),
                       [&](const auto& function) { return normalized_domain(function->domain) == domain; });
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
    check_left_out(called);
    if (opset_within(model_, function_, called.domain) == 0)
      report(Severity::Error, "",
             "the domain " + called.domain + " of function " + called.name + " is not imported");
    for (const auto& attribute : node_.attributes) {
      const bool is_named =
          std::count(called.attributes.begin(), called.attributes.end(), attribute.name) > 0 ||
          std::any_of(called.default_attributes.begin(), called.default_attributes.end(),
                      [&](const Attribute& one) { return one.name == attribute.name; });
      if (!is_named)
        report(Severity::Error, "", "function " + called.name + " has no attribute '" + attribute.name + "'");
    }
    if (node_.inputs.size() > called.inputs.size())
      report(Severity::Error, "",
             count_text(node_.inputs.size(), "input") + " given to function " + called.name + ", which has " +
                 std::to_string(called.inputs.size()));
    if (node_.outputs.size() > called.outputs.size())
      report(Severity::Error, "",
             count_text(node_.outputs.size(), "output") + " wanted of function " + called.name +
                 ", which has " + std::to_string(called.outputs.size()));
  }

  /// An input of the function that the call leaves out must not be what a node of its body needs.
  void check_left_out(const Function& called) {
    for (std::size_t i = 0; i < called.inputs.size(); ++i) {
      if (i < node_.inputs.size() && !node_.inputs[i].empty()) continue;
      for (const auto& inner : called.nodes) {
        const Operator* record = operator_table().find(inner->domain, inner->op_type,
                                                       opset_within(model_, &called, inner->domain));
        for (std::size_t k = 0; record && k < std::min(inner->inputs.size(), record->inputs.size()); ++k)
          if (inner->inputs[k] == called.inputs[i] && record->inputs[k].arity == Arity::Single)
            return report(Severity::Error, "",
                          "input '" + called.inputs[i] + "' of function " + called.name +
                              " is left out, but " + inner->op_type + " in it needs it");
      }
    }
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
    const bool has_list = !record.inputs.empty() && record.inputs.back().arity == Arity::Variadic &&
                          record.inputs.back().homogeneous;
    for (std::size_t i = record.inputs.size() - 1; has_list && i < node_.inputs.size(); ++i)
      if (node_.inputs[i].empty())
        report(Severity::Error, "",
               "value " + std::to_string(i + 2 - record.inputs.size()) + " of '" + record.inputs.back().name +
                   "' is left out");
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
      if (!spec && is_standard(record.domain))
        report(Severity::Error, "", node_.op_type + std::string(no_attribute_text) + attribute.name + "'");
      if (spec && attribute.type() != spec->type)
        report(Severity::Error, "",
               "attribute '" + attribute.name + "' is of type " + std::string(name_of(attribute.type())) +
                   ", not " + std::string(name_of(spec->type)));
      else if (const auto reason =
                   spec && is_standard(record.domain) ? wrong_choice(node_, attribute) : std::nullopt)
        report(Severity::Error, "", "attribute '" + attribute.name + "': " + *reason);
    }
    for (const auto& spec : record.attributes)
      if (spec.required && !seen.contains(spec.name))
        report(Severity::Error, "", "attribute '" + spec.name + "' is missing");
  }

  const Model& model_;
  const Node& node_;
  const Function* function_;
  Problems& problems_;
};

}  // namespace

void check_node(const Model& model, const Node& node, const Function* function, Problems& problems) {
  NodeCheck(model, node, function, problems).check();
}

}  // namespace lapidary
