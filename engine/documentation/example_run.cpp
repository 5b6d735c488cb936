#include "engine/documentation/example_run.h"

#include <complex>
#include <cstdio>

#include "engine/reference/reference_backend.h"

namespace lapidary {
namespace {

constexpr std::size_t most_elements = 32;

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

template <class T>
std::vector<std::string> complex_texts(const Tensor& tensor) {
  std::vector<std::string> texts;
  for (const auto& value : tensor.span<std::complex<T>>()) {
    const std::string imaginary = number_text(static_cast<double>(value.imag()));
    texts.push_back(number_text(static_cast<double>(value.real())) + (imaginary[0] == '-' ? "" : "+") +
                    imaginary + "i");
  }
  return texts;
}

std::vector<std::string> element_texts(const Tensor& tensor) {
  std::vector<std::string> texts;
  if (tensor.type() == DataType::Complex64) return complex_texts<float>(tensor);
  if (tensor.type() == DataType::Complex128) return complex_texts<double>(tensor);
  if (tensor.is_string())
    for (const auto& text : tensor.strings()) texts.push_back('"' + text + '"');
  else if (tensor.type() == DataType::Bool)
    for (const auto value : values_as<std::int64_t>(tensor)) texts.push_back(value ? "true" : "false");
  else if (is_integer(tensor.type()))
    for (const auto value : values_as<std::int64_t>(tensor)) texts.push_back(std::to_string(value));
  else
    for (const auto value : values_as<double>(tensor)) texts.push_back(number_text(value));
  return texts;
}

template <class List, class Text>
std::string joined(const List& list, Text text) {
  std::string all;
  for (const auto& element : list) all += (all.empty() ? "" : ", ") + text(element);
  return all;
}

std::string tensor_text(const Tensor& tensor) {
  std::string text(constraint_name_of(tensor.type()));
  if (tensor.rank() > 0)
    text += "[" + joined(tensor.dims(), [](std::int64_t size) { return std::to_string(size); }) + "]";
  auto elements = element_texts(tensor);
  const bool cut = elements.size() > most_elements;
  if (cut) elements.resize(most_elements);
  return text + "{" + joined(elements, [](const std::string& element) { return element; }) +
         (cut ? ", …}" : "}");
}

std::string names_text(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) text += (i ? ", " : "") + names[i];
  return text;
}

std::string graph_text(const Graph& graph) {
  const auto name = [](const Value& value) { return value.name; };
  std::string text = "(" + joined(graph.inputs, name) + ") => (" + joined(graph.outputs, name) + ") { ";
  for (const auto& constant : graph.initializers)
    text += constant->name + " = " + tensor_text(constant->tensor) + "; ";
  for (const auto& node : graph.nodes) text += example_text(*node) + "; ";
  return text + "}";
}

std::string value_text(const AttributeValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return '"' + *text + '"';
  if (const auto* real = std::get_if<float>(&value)) return number_text(static_cast<double>(*real));
  if (const auto* tensor = std::get_if<std::shared_ptr<const NamedTensor>>(&value))
    return tensor_text((*tensor)->tensor);
  if (const auto* graph = std::get_if<GraphPointer>(&value)) return graph_text(**graph);
  if (const auto* type = std::get_if<Type>(&value)) return constraint_text(*type);
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value))
    return "[" + joined(*texts, [](const std::string& text) { return '"' + text + '"'; }) + "]";
  return to_string(value);
}

}  // namespace

ExampleRun run_example(const Operator& record) {
  if (record.example_text.empty()) throw Error(record.name + " has no example");
  ExampleRun run{read_example(record), {}};
  const ModelPointer model = example_model(record, run.example);
  const auto program = reference_backend().compile(model, {});
  std::vector<Datum> inputs;
  for (std::size_t i = 0; i < run.example.inputs.size(); ++i)
    if (!run.example.node.inputs[i].empty()) inputs.push_back(run.example.inputs[i]);
  run.outputs = program->run(inputs, {});
  return run;
}

std::string example_text(const Datum& datum) {
  if (datum.is_tensor()) return tensor_text(datum.tensor());
  const auto text = [](const Datum& element) { return example_text(element); };
  if (datum.is_sequence()) return "seq(" + joined(datum.sequence(), text) + ")";
  if (const auto* map = std::get_if<std::shared_ptr<const MapDatum>>(&datum.value))
    return "map(" + tensor_text((*map)->keys) + "; " + joined((*map)->values, text) + ")";
  return "none";
}

std::string example_text(const Node& node) {
  std::string text = names_text(node.outputs) + " = ";
  if (!node.domain.empty()) text += node.domain + ".";
  text += node.op_type;
  if (!node.attributes.empty())
    text += "<" +
            joined(node.attributes,
                   [](const Attribute& attribute) {
                     return attribute.name + " = " + value_text(attribute.value);
                   }) +
            ">";
  return text + "(" + names_text(node.inputs) + ")";
}

}  // namespace lapidary
