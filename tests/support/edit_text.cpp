#include "tests/support/edit_text.h"

#include "engine/edit/type_text.h"
#include "engine/io/model_file.h"
#include "engine/model/edit.h"

namespace lapidary::test {
namespace {

GraphPointer named(const Graph& graph, int& count) {
  Graph result = graph;
  auto nodes = graph.nodes.to_vector();
  for (auto& node : nodes) {
    Node changed = *node;
    changed.name = changed.op_type + "_" + std::to_string(count++);
    for (auto& attribute : changed.attributes)
      if (auto* body = std::get_if<GraphPointer>(&attribute.value)) *body = named(**body, count);
    node = std::make_shared<const Node>(std::move(changed));
  }
  result.nodes = PersistentVector(std::move(nodes));
  return std::make_shared<const Graph>(std::move(result));
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() && &name == &names.front() ? "" : ", ") + name;
  return text;
}

std::string values_text(const Tensor& tensor) {
  std::string text = type_text(tensor.full_type());
  if (tensor.is_string() || tensor.size() > 8) return text;
  text += " {";
  const auto values = values_as<double>(tensor);
  for (std::size_t i = 0; i < values.size(); ++i) {
    char number[32];
    std::snprintf(number, sizeof number, "%g", values[i]);
    text += (i ? ", " : "") + std::string(number);
  }
  return text + "}";
}

void print(const Graph& graph, const std::string& indent, std::string& text);

void print(const Node& node, const std::string& indent, std::string& text) {
  text += indent + node.name + ": " + joined(node.outputs) + " = " +
          (node.domain.empty() ? "" : node.domain + ".") + node.op_type;
  std::string attributes, bodies;
  for (const auto& attribute : node.attributes) {
    if (const auto* body = std::get_if<GraphPointer>(&attribute.value)) {
      bodies += indent + "  " + attribute.name + "\n";
      print(**body, indent + "    ", bodies);
      continue;
    }
    const auto* tensor = std::get_if<std::shared_ptr<const NamedTensor>>(&attribute.value);
    attributes += (attributes.empty() ? "" : ", ") + attribute.name + " = " +
                  (tensor                        ? values_text((*tensor)->tensor)
                   : attribute.reference.empty() ? to_string(attribute.value)
                                                 : "@" + attribute.reference);
  }
  if (!attributes.empty()) text += "<" + attributes + ">";
  text += "(" + joined(node.inputs) + ")\n" + bodies;
}

void print(const Graph& graph, const std::string& indent, std::string& text) {
  for (const auto& value : graph.inputs)
    text += indent + "input " + value.name + " " + type_text(value.type) + "\n";
  for (const auto& tensor : graph.initializers)
    text += indent + "weight " + tensor->name + " " + values_text(tensor->tensor) + "\n";
  for (const auto& value : graph.value_infos)
    text += indent + "value " + value.name + " " + type_text(value.type) + "\n";
  for (const auto& node : graph.nodes) print(*node, indent, text);
  for (const auto& value : graph.outputs)
    text += indent + "output " + value.name + " " + type_text(value.type) + "\n";
}

}  // namespace

ModelPointer model_of_text(const std::string& graph, const std::string& head) {
  const std::string text =
      (head.empty() ? "<ir_version: 8, opset_import: [\"\" : 17]>" : head) + "\ng " + graph;
  const auto model = load_model_from_memory(text, "test.onnxtxt").model;
  int count = 0;
  Graph with_names = *named(*model->graph, count);
  return with_graph(*model, std::move(with_names));
}

std::string edit_text(const Model& model) {
  std::string text;
  print(*model.graph, "", text);
  for (const auto& function : model.functions) {
    text += "function " + function->domain + "." + function->name + "(" + joined(function->inputs) + ") => " +
            joined(function->outputs) + "\n";
    for (const auto& node : function->nodes) print(*node, "  ", text);
  }
  return text;
}

}  // namespace lapidary::test
