#include "engine/compare/section_form.h"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "engine/analysis/attribute_equality.h"
#include "engine/compare/permutation.h"
#include "engine/compare/tensor_metrics.h"
#include "engine/model/short_number.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

bool is_same_graph(const Graph& a, const Graph& b);

bool is_same(const AttributeValue& a, const AttributeValue& b) {
  return is_same_value(a, b, [](auto left, auto right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](const auto& x, const auto& y) { return x == y || is_same_graph(*x, *y); });
  });
}

bool is_same_node(const Node& a, const Node& b) {
  return a.op_type == b.op_type && normalized_domain(a.domain) == normalized_domain(b.domain) &&
         a.inputs == b.inputs && a.outputs == b.outputs && a.attributes.size() == b.attributes.size() &&
         std::all_of(a.attributes.begin(), a.attributes.end(), [&](const Attribute& one) {
           const Attribute* other = b.find_attribute(one.name);
           return other && one.reference == other->reference && is_same(one.value, other->value);
         });
}

bool is_same_graph(const Graph& a, const Graph& b) {
  const auto is_same_value = [](const Value& x, const Value& y) { return x.name == y.name; };
  return std::equal(a.inputs.begin(), a.inputs.end(), b.inputs.begin(), b.inputs.end(), is_same_value) &&
         std::equal(a.outputs.begin(), a.outputs.end(), b.outputs.begin(), b.outputs.end(), is_same_value) &&
         std::equal(a.nodes.begin(), a.nodes.end(), b.nodes.begin(), b.nodes.end(),
                    [](const auto& x, const auto& y) { return x == y || is_same_node(*x, *y); }) &&
         std::equal(a.initializers.begin(), a.initializers.end(), b.initializers.begin(),
                    b.initializers.end(), [](const auto& x, const auto& y) {
                      return x == y || (x->name == y->name && identical(x->tensor, y->tensor));
                    });
}

bool is_same_function(const Function& a, const Function& b) {
  return a.inputs == b.inputs && a.outputs == b.outputs &&
         std::equal(a.nodes.begin(), a.nodes.end(), b.nodes.begin(), b.nodes.end(),
                    [](const auto& x, const auto& y) { return x == y || is_same_node(*x, *y); });
}

/// "3 of 64 elements, by up to 0.1", or what they are.
std::string weight_difference(const Tensor& a, const Tensor& b) {
  const std::vector<int> swapped = {1, 0};
  if (a.type() == b.type() && a.rank() == 2 && bits_of(b.type()) >= 8 && identical(permuted(b, swapped), a))
    return "is transposed";
  if (a.type() != b.type() || a.dims() != b.dims())
    return "is " + to_string(a.full_type()) + " here and " + to_string(b.full_type()) + " there";
  if (!has_metrics(a)) return "differs";
  const TensorMetrics found = metrics_of(b.aligned(), a.aligned());
  const std::int64_t differing = found.elements - found.error_histogram[0];
  return "differs in " + std::to_string(differing) + " of " + std::to_string(found.elements) +
         " elements, by up to " + short_number(found.max_absolute);
}

class FormComparison {
 public:
  FormComparison(const SectionedGraph& a, const Section& section_a, const SectionedGraph& b,
                 const Section& section_b, const ValuePairs& pairs)
      : a_(a),
        b_(b),
        pairs_(pairs),
        cut_a_(section_a.inputs.begin(), section_a.inputs.end()),
        cut_b_(section_b.inputs.begin(), section_b.inputs.end()) {}

  SectionForm compare(const std::vector<std::string>& outputs) {
    for (const auto& output : outputs) {
      const auto other = pairs_.find(output);
      if (other == pairs_.end()) return form_.is_alike = false, form_;
      compare_makers(output, other->second);
    }
    return form_;
  }

 private:
  void compare_values(const std::string& a, const std::string& b, const Node& reader, std::size_t slot) {
    if (a.empty() || b.empty()) {
      form_.is_alike = form_.is_alike && a == b;
    } else if (a_.is_weight(a) && b_.is_weight(b)) {
      compare_weights(a, b, reader, slot);
    } else if (cut_a_.contains(a) || cut_b_.contains(b)) {
      const auto other = pairs_.find(a);
      form_.is_alike = form_.is_alike && other != pairs_.end() && other->second == b;
    } else if (a_.is_weight(a) || b_.is_weight(b)) {
      form_.is_alike = false;
    } else {
      compare_makers(a, b);
    }
  }

  void compare_weights(const std::string& a, const std::string& b, const Node& reader, std::size_t slot) {
    const Tensor *one = a_.weight(a), *other = b_.weight(b);
    const std::string place = "input " + std::to_string(slot) + " ('" + a + "') ";
    if (one && other) {
      if (!identical(*one, *other))
        note(FormDifference::Weight, reader, place + weight_difference(*one, *other));
      return;
    }
    const int maker_a = a_.index().producer(a).node, maker_b = b_.index().producer(b).node;
    if (maker_a >= 0 && maker_b >= 0)
      compare_attributes(a_.node(maker_a), b_.node(maker_b), nullptr, nullptr);
    else
      note(FormDifference::Weight, reader, place + "is stored in another way");
  }

  void compare_makers(const std::string& a, const std::string& b) {
    if (!seen_.emplace(a, b).second) return;
    const GraphIndex::Use use_a = a_.index().producer(a), use_b = b_.index().producer(b);
    if (use_a.node < 0 || use_b.node < 0 || use_a.slot != use_b.slot) {
      form_.is_alike = false;
      return;
    }
    const Node &node_a = a_.node(use_a.node), &node_b = b_.node(use_b.node);
    compare_operators(node_a, node_b);
    const std::size_t count = std::max(node_a.inputs.size(), node_b.inputs.size());
    const auto input = [](const Node& node, std::size_t i) {
      return i < node.inputs.size() ? node.inputs[i] : std::string();
    };
    for (std::size_t i = 0; i < count && form_.is_alike; ++i)
      compare_values(input(node_a, i), input(node_b, i), node_a, i);
  }

  void compare_operators(const Node& a, const Node& b) {
    if (a.op_type != b.op_type || normalized_domain(a.domain) != normalized_domain(b.domain)) {
      note(FormDifference::Operator, a, "the operator is " + a.op_type + " here and " + b.op_type + " there");
      form_.is_alike = false;
      return;
    }
    const Function *function_a = a_.model().find_function(a), *function_b = b_.model().find_function(b);
    if (function_a || function_b) {
      if (!function_a || !function_b ||
          (function_a != function_b && !is_same_function(*function_a, *function_b)))
        note(FormDifference::Operator, a, "function " + a.op_type + " has another body");
      return compare_attributes(a, b, nullptr, nullptr);
    }
    const Operator *record_a = find_operator(a_.model(), a), *record_b = find_operator(b_.model(), b);
    if (record_a != record_b && record_a && record_b)
      note(FormDifference::OperatorSet, a,
           a.op_type + " of operator set " + std::to_string(record_a->since_version) + " here and of " +
               std::to_string(record_b->since_version) + " there");
    compare_attributes(a, b, record_a, record_b);
  }

  /// What is not written counts as its default.
  void compare_attributes(const Node& a, const Node& b, const Operator* record_a, const Operator* record_b) {
    if (&a == &b) return;
    std::set<std::string> names;
    for (const Node* node : {&a, &b})
      for (const Attribute& attribute : node->attributes) names.insert(attribute.name);
    static const AttributeValue nothing;
    const auto value = [](const Node& node, const Operator* record,
                          const std::string& name) -> const AttributeValue& {
      if (const Attribute* written = node.find_attribute(name)) return written->value;
      const AttributeSpec* specified = record ? record->find_attribute(name) : nullptr;
      return specified ? specified->default_value : nothing;
    };
    for (const auto& name : names) {
      const AttributeValue &one = value(a, record_a, name), &other = value(b, record_b, name);
      if (is_same(one, other)) continue;
      const auto text = [](const AttributeValue& v) { return v.index() == 0 ? "none" : to_string(v); };
      note(FormDifference::Attribute, a, name + ": " + text(one) + " → " + text(other));
    }
  }

  void note(FormDifference kind, const Node& node, std::string text) {
    form_.notes.push_back({kind, node.op_type, std::move(text)});
  }

  const SectionedGraph &a_, &b_;
  const ValuePairs& pairs_;
  std::unordered_set<std::string> cut_a_, cut_b_;
  std::set<std::pair<std::string, std::string>> seen_;
  SectionForm form_;
};

}  // namespace

SectionForm compare_form(const SectionedGraph& a, const Section& section_a, const SectionedGraph& b,
                         const Section& section_b, const ValuePairs& pairs) {
  return FormComparison(a, section_a, b, section_b, pairs).compare(section_a.outputs);
}

}  // namespace lapidary
