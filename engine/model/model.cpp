#include "engine/model/model.h"

#include <algorithm>
#include <array>

namespace lapidary {

const Attribute* Node::find_attribute(std::string_view attribute_name) const {
  const auto found = std::find_if(attributes.begin(), attributes.end(),
                                  [&](const Attribute& a) { return a.name == attribute_name; });
  return found == attributes.end() ? nullptr : &*found;
}

std::string Node::label() const {
  if (!name.empty()) return name;
  for (const auto& output : outputs)
    if (!output.empty()) return op_type + " → " + output;
  return op_type;
}

std::int64_t Model::opset(std::string_view domain_name) const {
  for (const auto& import : opset_imports)
    if (normalized_domain(import.domain) == normalized_domain(domain_name)) return import.version;
  return 0;
}

const Function* Model::find_function(const Node& node) const {
  for (const auto& function : functions)
    if (function->name == node.op_type && function->overload == node.overload &&
        normalized_domain(function->domain) == normalized_domain(node.domain))
      return function.get();
  return nullptr;
}

std::string_view normalized_domain(std::string_view domain) { return domain == "ai.onnx" ? "" : domain; }

std::vector<std::pair<std::string, GraphPointer>> subgraphs_of(const Node& node) {
  std::vector<std::pair<std::string, GraphPointer>> found;
  for (const auto& attribute : node.attributes) {
    if (const auto* graph = std::get_if<GraphPointer>(&attribute.value))
      found.emplace_back(attribute.name, *graph);
    else if (const auto* graphs = std::get_if<std::vector<GraphPointer>>(&attribute.value))
      for (const auto& g : *graphs) found.emplace_back(attribute.name, g);
  }
  return found;
}

std::string_view name_of(AttributeType type) {
  static constexpr std::array<std::string_view, 15> names = {
      "undefined", "float",   "int",    "string",        "tensor",         "graph", "floats", "ints",
      "strings",   "tensors", "graphs", "sparse_tensor", "sparse_tensors", "type",  "types"};
  return names[static_cast<std::size_t>(type)];
}

namespace {

std::string number_text(float value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", static_cast<double>(value));
  return text;
}

template <class List, class Text>
std::string list_text(const List& list, Text text_of) {
  constexpr std::size_t most = 8;
  std::string text = "[";
  for (std::size_t i = 0; i < std::min(list.size(), most); ++i) text += (i ? ", " : "") + text_of(list[i]);
  if (list.size() > most) text += ", … " + std::to_string(list.size()) + " in all";
  return text + "]";
}

struct ValueText {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(float v) const { return number_text(v); }
  std::string operator()(std::int64_t v) const { return std::to_string(v); }
  std::string operator()(const std::string& v) const { return v; }
  std::string operator()(const std::shared_ptr<const NamedTensor>& v) const {
    return v ? to_string(v->tensor.full_type()) : std::string();
  }
  std::string operator()(const GraphPointer& v) const {
    return "graph of " + std::to_string(v ? v->nodes.size() : 0) + " nodes";
  }
  std::string operator()(const std::shared_ptr<const NamedSparseTensor>& v) const {
    return v ? "sparse " + to_string(v->tensor.dims) : std::string();
  }
  std::string operator()(const Type& v) const { return to_string(v); }
  template <class T>
  std::string operator()(const std::vector<T>& v) const {
    return list_text(v, *this);
  }
};

}  // namespace

std::string to_string(const AttributeValue& value) { return std::visit(ValueText{}, value); }

}  // namespace lapidary
