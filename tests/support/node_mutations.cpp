#include <algorithm>

#include "engine/ops/operator_table.h"
#include "tests/support/mutations.h"

namespace lapidary::test {
namespace {

using Condition = std::function<bool(const Node&)>;
using Change = std::function<void(Node&)>;

bool reads_something(const Node& node) { return !node.inputs.empty() && !node.inputs[0].empty(); }
bool is_any(const Node&) { return true; }

Condition is_operator(const std::string& op_type) {
  return [op_type](const Node& node) { return node.op_type == op_type; };
}

/// Breaks a node that fulfils the condition. It, its outputs or the complaint must be named.
Mutation of_node(const char* name, const Condition& condition, const Change& change,
                 const QString& complaint = {}) {
  return {name, [condition, change, complaint](Model& model, Random& random) -> QStringList {
            const auto position = some_node(model, random, condition);
            if (!position) return {};
            QStringList names = names_of(*model.graph->nodes[*position]);
            change_node(model, *position, change);
            names << names_of(*model.graph->nodes[*position]);
            if (!complaint.isEmpty()) names << complaint;
            return names;
          }};
}

/// Sets an attribute of a node of that operator.
Mutation of_attribute(const char* name, const std::string& op_type, const std::string& attribute,
                      const AttributeValue& value) {
  return of_node(name, is_operator(op_type), [attribute, value](Node& node) {
    std::erase_if(node.attributes, [&](const Attribute& one) { return one.name == attribute; });
    node.attributes.emplace_back().name = attribute;
    node.attributes.back().value = value;
  });
}

Mutation without_attribute(const char* name, const std::string& op_type) {
  return of_node(name, is_operator(op_type), [](Node& node) { node.attributes.clear(); });
}

/// The first attribute of the node that its operator cannot do without, or nullptr.
const Attribute* required_attribute(const Node& node) {
  const Operator* record = operator_table().find(node.domain, node.op_type, INT64_MAX);
  for (const auto& attribute : node.attributes) {
    const AttributeSpec* spec = record ? record->find_attribute(attribute.name) : nullptr;
    if (spec && spec->required) return &attribute;
  }
  return nullptr;
}

using Numbers = std::vector<std::int64_t>;

std::vector<Mutation> attribute_mutations() {
  return {
      of_node(
          "attribute of another type", [](const Node& node) { return !node.attributes.empty(); },
          [](Node& node) {
            AttributeValue& value = node.attributes[0].value;
            if (std::holds_alternative<std::string>(value))
              value = std::int64_t{1};
            else
              value = std::string("text");
          }),
      of_node("unknown attribute", is_any,
              [](Node& node) {
                node.attributes.emplace_back().name = "no_such_attribute";
                node.attributes.back().value = std::int64_t{1};
              }),
      of_node(
          "attribute twice", [](const Node& node) { return !node.attributes.empty(); },
          [](Node& node) { node.attributes.push_back(node.attributes[0]); }),
      of_node(
          "attribute that refers to a function's", [](const Node& node) { return !node.attributes.empty(); },
          [](Node& node) { node.attributes[0].reference = "alpha"; }),
      of_node(
          "required attribute gone", [](const Node& node) { return required_attribute(node) != nullptr; },
          [](Node& node) {
            const std::string name = required_attribute(node)->name;
            std::erase_if(node.attributes, [&](const Attribute& one) { return one.name == name; });
          }),
      without_attribute("Cast to no type", "Cast"),
      without_attribute("Concat without axis", "Concat"),
      without_attribute("MaxPool without kernel", "MaxPool"),
      without_attribute("Constant without value", "Constant"),
      of_attribute("Cast to an unknown type", "Cast", "to", std::int64_t{99}),
      of_attribute("Transpose with an axis twice", "Transpose", "perm", Numbers{0, 0, 1, 2}),
      of_attribute("Transpose of another rank", "Transpose", "perm", Numbers{1, 0}),
      of_attribute("Softmax along an axis outside", "Softmax", "axis", std::int64_t{9}),
      of_attribute("Concat along an axis outside", "Concat", "axis", std::int64_t{-9}),
      of_attribute("Flatten at an axis outside", "Flatten", "axis", std::int64_t{9}),
      of_attribute("Conv without stride", "Conv", "strides", Numbers{0, 1}),
      of_attribute("Conv with strides of another rank", "Conv", "strides", Numbers{1, 1, 1}),
      of_attribute("Conv with too many groups", "Conv", "group", std::int64_t{7}),
      of_attribute("Conv with a kernel unlike its weights", "Conv", "kernel_shape", Numbers{5, 5}),
      of_attribute("padding by an unknown rule", "MaxPool", "auto_pad", std::string("NONSENSE")),
      of_attribute("Gemm with a factor transposed", "Gemm", "transB", std::int64_t{0}),
  };
}

std::vector<Mutation> arity_mutations() {
  return {
      of_node("no inputs", reads_something, [](Node& node) { node.inputs.clear(); }),
      of_node(
          "first input left out",
          [](const Node& node) { return reads_something(node) && node.op_type != "Loop"; },
          [](Node& node) { node.inputs[0].clear(); }),
      of_node(
          "one input too many",
          [](const Node& node) {
            return reads_something(node) && node.op_type != "Concat" && node.op_type != "Loop";
          },
          [](Node& node) { node.inputs.resize(node.inputs.size() + 4, node.inputs[0]); }),
      of_node(
          "many outputs too many", [](const Node& node) { return node.op_type != "If"; },
          [](Node& node) {
            for (int i = 0; i < 9; ++i) node.outputs.push_back("more" + std::to_string(i));
          }),
      of_node(
          "no outputs", is_any, [](Node& node) { node.outputs.clear(); }, "nobody makes"),
      of_node(
          "input that nobody makes", reads_something, [](Node& node) { node.inputs[0] = "nobody"; },
          "nobody"),
      of_node("reads itself", reads_something, [](Node& node) { node.inputs[0] = node.outputs[0]; }),
  };
}

std::vector<Mutation> operator_mutations() {
  return {
      of_node("unknown operator", is_any, [](Node& node) { node.op_type = "NoSuchOperator"; }),
      of_node("no operator", is_any, [](Node& node) { node.op_type.clear(); }),
      of_node("domain that is not imported", is_any, [](Node& node) { node.domain = "elsewhere"; }),
      of_node("deprecated operator", is_operator("Relu"), [](Node& node) { node.op_type = "Scatter"; }),
      of_node("operator of another arity", is_operator("Relu"), [](Node& node) { node.op_type = "LSTM"; }),
      of_node("operator that does not take the type", is_operator("Relu"),
              [](Node& node) { node.op_type = "Not"; }),
      of_node("operator that does not take the rank", is_operator("Flatten"),
              [](Node& node) {
                node.op_type = "MatMulInteger";
                node.inputs.push_back(node.inputs[0]);
                node.attributes.clear();
              }),
      {"operator newer than its set",
       [](Model& model, Random& random) -> QStringList {
         const auto position = some_node(model, random, is_operator("Relu"));
         if (!position || model.opset_imports.empty()) return {};
         change_node(model, *position, [](Node& node) { node.op_type = "Gelu"; });
         model.opset_imports[0].version = 13;
         return names_of(*model.graph->nodes[*position]);
       }},
      {"two nodes of one name",
       [](Model& model, Random&) -> QStringList {
         if (model.graph->nodes.size() < 2) return {};
         for (const std::size_t i : {0, 1}) change_node(model, i, [](Node& node) { node.name = "twin"; });
         return {"twin"};
       }},
      {"one value made twice",
       [](Model& model, Random&) -> QStringList {
         if (model.graph->nodes.size() < 2) return {};
         const std::string made = model.graph->nodes[0]->outputs[0];
         change_node(model, 1, [&](Node& node) { node.outputs[0] = made; });
         return {QString::fromStdString(made)};
       }},
      {"makes an input of the graph",
       [](Model& model, Random&) -> QStringList {
         if (model.graph->inputs.empty()) return {};
         const std::string name = model.graph->inputs[0].name;
         change_node(model, 0, [&](Node& node) { node.outputs[0] = name; });
         return {QString::fromStdString(name)};
       }},
      {"not in order",
       [](Model& model, Random&) -> QStringList {
         const std::size_t count = model.graph->nodes.size();
         if (count < 2 || model.graph->nodes[1]->inputs.empty() ||
             model.graph->nodes[1]->inputs[0] != model.graph->nodes[0]->outputs[0])
           return {};
         const auto first = model.graph->nodes[0];
         change_graph(
             model, [&](Graph& graph) { graph.nodes = graph.nodes.with(0, graph.nodes[1]).with(1, first); });
         return names_of(*model.graph->nodes[0]);
       }},
      {"cycle",
       [](Model& model, Random&) -> QStringList {
         const std::size_t count = model.graph->nodes.size();
         if (count < 2 || model.graph->nodes[0]->inputs.empty()) return {};
         const std::string last = model.graph->nodes[count - 1]->outputs[0];
         change_node(model, 0, [&](Node& node) { node.inputs[0] = last; });
         return names_of(*model.graph->nodes[0]);
       }},
      {"node gone",
       [](Model& model, Random&) -> QStringList {
         const Node node = *model.graph->nodes[0];
         change_graph(model, [&](Graph& graph) { graph.nodes = graph.nodes.erased(0); });
         return names_of(node);
       }},
  };
}

}  // namespace

std::vector<Mutation> node_mutations() {
  std::vector<Mutation> all;
  for (auto& family : {attribute_mutations(), arity_mutations(), operator_mutations()})
    all.insert(all.end(), family.begin(), family.end());
  return all;
}

}  // namespace lapidary::test
