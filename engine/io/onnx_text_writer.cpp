#include <cctype>
#include <cmath>
#include <cstdio>

#include "engine/io/model_reader.h"
#include "engine/io/onnx_text.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

constexpr DataType newest_type = DataType::BFloat16;  // that libonnx's reader knows

/// Writes a model in ONNX's own syntax; remembers whether it met what the syntax has no place for.
class TextWriter {
 public:
  std::string write(const Model& model) {
    text_ = "<\n  ir_version: " + std::to_string(model.ir_version) +
            ",\n  opset_import: " + opsets(model.opset_imports);
    line("producer_name", model.producer_name);
    line("producer_version", model.producer_version);
    line("domain", model.domain);
    if (model.model_version != 0) text_ += ",\n  model_version: " + std::to_string(model.model_version);
    line("doc_string", model.doc_string);
    text_ += "\n>\n";
    graph(*model.graph, 0);
    text_ += '\n';
    for (const auto& f : model.functions) function(*f);
    leave_out(!model.metadata.empty() || !model.training_infos.empty() ||
              !model.device_configurations.empty());
    return text_;
  }
  bool left_out() const { return left_out_; }

 private:
  void leave_out(bool something) { left_out_ = left_out_ || something; }

  static std::string quoted(const std::string& s) {
    if (s.find('"') != std::string::npos)
      throw Error("ONNX's text form cannot hold a text with a quotation mark: " + s);
    return '"' + s + '"';
  }
  void line(const char* key, const std::string& value) {
    if (!value.empty()) text_ += std::string(",\n  ") + key + ": " + quoted(value);
  }
  static std::string identifier(const std::string& name, const char* what) {
    bool valid = !name.empty() && !std::isdigit(static_cast<unsigned char>(name[0]));
    for (const char c : name) valid = valid && (std::isalnum(static_cast<unsigned char>(c)) || c == '_');
    if (!valid)
      throw Error(std::string("ONNX's text form cannot hold the name '") + name + "' of a " + what +
                  ": names there are letters, digits and _")
          .advice("Save it as .textproto or .json");
    return name;
  }
  static std::string opsets(const std::vector<OpsetImport>& imports) {
    std::string list = "[";
    for (const auto& import : imports)
      list += (list.size() > 1 ? ", " : "") + quoted(import.domain) + " : " + std::to_string(import.version);
    return list + "]";
  }
  static std::string type_text(const Type& type) {
    const std::string element(constraint_name_of(type.element));
    switch (type.kind) {
      case Type::Kind::Tensor:
      case Type::Kind::SparseTensor: {
        if (type.element > newest_type)
          throw Error("ONNX's text form does not know the element type " + element);
        std::string text = element;  // alone it is a scalar, with empty brackets of unknown rank
        if (!type.shape || !type.shape->empty()) {
          std::string sizes;
          for (const Dimension& d : type.shape.value_or(Shape()))
            sizes +=
                (sizes.empty() ? "" : ", ") +
                (d.is_constant() || !d.is_known() ? d.to_string() : identifier(d.to_string(), "dimension"));
          text += "[" + sizes + "]";
        }
        return type.kind == Type::Kind::Tensor ? text : "sparse_tensor(" + text + ")";
      }
      case Type::Kind::Sequence:
        return "seq(" + type_text(*type.inner) + ")";
      case Type::Kind::Optional:
        return "optional(" + type_text(*type.inner) + ")";
      case Type::Kind::Map:
        return "map(" + element + ", " + type_text(*type.inner) + ")";
      case Type::Kind::Unknown:
        break;
    }
    throw Error("ONNX's text form needs the type of every input and output");
  }
  void values(const std::vector<Value>& list) {
    text_ += '(';
    bool first = true;
    for (const Value& value : list) {
      text_ += (first ? "" : ", ") + type_text(value.type) + " " + identifier(value.name, "value");
      leave_out(!value.doc_string.empty() || !value.metadata.empty());
      first = false;
    }
    text_ += ')';
  }
  static std::string number_text(double value, int digits) {
    if (!std::isfinite(value)) throw Error("ONNX's text form cannot hold infinity and NaN");
    char buffer[40];
    std::snprintf(buffer, sizeof buffer, "%.*g", digits, value);
    std::string text = buffer;
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
  }
  static std::string elements(const Tensor& tensor) {
    std::string list;
    const auto add = [&](const std::string& element) { list += (list.empty() ? "" : ", ") + element; };
    if (tensor.is_string()) {
      for (const std::string& s : tensor.strings()) add(quoted(s));
    } else if (is_floating(tensor.type())) {
      const int digits = tensor.type() == DataType::Float64 ? 17 : 9;
      for (const double value : values_as<double>(tensor)) add(number_text(value, digits));
    } else {
      for (const std::int64_t value : values_as<std::int64_t>(tensor)) add(std::to_string(value));
    }
    return "{" + list + "}";
  }
  void tensor(const NamedTensor& named) {
    if (!named.tensor.is_present())
      throw Error("ONNX's text form cannot hold a tensor without an element type");
    text_ += type_text(named.tensor.full_type()) + " " +
             (named.name.empty() ? "" : identifier(named.name, "tensor") + " ");
    leave_out(!named.doc_string.empty() || !named.metadata.empty());
  }
  /// Declared types of intermediate values, and the weights.
  void declarations(const Graph& graph) {
    const char* separator = "<";
    for (const Value& value : graph.value_infos) {
      text_ += separator + type_text(value.type) + " " + identifier(value.name, "value");
      separator = ", ";
    }
    for (const auto& initializer : graph.initializers) {
      text_ += separator;
      tensor(*initializer);
      text_ += "= " + elements(initializer->tensor);
      separator = ", ";
    }
    if (*separator == ',') text_ += ">\n";
    if (!graph.sparse_initializers.empty()) throw Error("ONNX's text form cannot hold sparse weights");
    leave_out(!graph.quantization_annotations.empty() || !graph.metadata.empty() ||
              !graph.doc_string.empty());
  }
  void graph(const Graph& g, int depth) {
    text_ += identifier(g.name.empty() ? "graph" : g.name, "graph") + " ";
    values(g.inputs);
    text_ += " => ";
    values(g.outputs);
    text_ += '\n';
    declarations(g);
    nodes(g.nodes, depth);
  }
  template <class Nodes>
  void nodes(const Nodes& list, int depth) {
    const std::string indent(static_cast<std::size_t>(2 * depth), ' ');
    text_ += indent + "{\n";
    for (const auto& n : list) {
      text_ += indent + "  ";
      node(*n, depth + 1);
      text_ += '\n';
    }
    text_ += indent + "}";
  }
  static std::string names(const std::vector<std::string>& list) {
    std::string text;
    for (std::size_t i = 0; i < list.size(); ++i)
      text += (i > 0 ? ", " : "") + (list[i].empty() ? "" : identifier(list[i], "value"));
    return text;
  }
  void node(const Node& n, int depth) {
    if (!n.overload.empty())
      throw Error("ONNX's text form (1.12) cannot hold overloads of functions").node(n.label());
    if (n.outputs.empty() || (!n.inputs.empty() && n.inputs[0].empty()))
      throw Error("ONNX's text form cannot hold a node without its first input or any output")
          .node(n.label());
    std::string domain = n.domain.empty() ? "" : n.domain + ".";
    text_ += names(n.outputs) + " = " + domain + identifier(n.op_type, "operator");
    const char* separator = " <";
    for (const Attribute& a : n.attributes) {
      text_ += separator;
      attribute(a, depth);
      separator = ", ";
    }
    if (!n.attributes.empty()) text_ += '>';
    text_ += " (" + names(n.inputs) + ")";
    leave_out(!n.name.empty() || !n.doc_string.empty() || !n.metadata.empty() ||
              !n.device_configurations.empty());
  }
  template <class T, class F>
  void list(const std::vector<T>& elements_of_list, F&& text_of) {
    text_ += '[';
    for (std::size_t i = 0; i < elements_of_list.size(); ++i)
      text_ += (i > 0 ? ", " : "") + text_of(elements_of_list[i]);
    text_ += ']';
  }
  void attribute(const Attribute& a, int depth) {
    text_ += identifier(a.name, "attribute") + " : " + std::string(name_of(a.type())) + " = ";
    const auto float_text = [](float value) { return number_text(static_cast<double>(value), 9); };
    const auto integer_text = [](std::int64_t value) { return std::to_string(value); };
    if (!a.reference.empty())
      text_ += "@" + identifier(a.reference, "attribute");
    else if (const auto* number = std::get_if<float>(&a.value))
      text_ += float_text(*number);
    else if (const auto* integer = std::get_if<std::int64_t>(&a.value))
      text_ += std::to_string(*integer);
    else if (const auto* s = std::get_if<std::string>(&a.value))
      text_ += quoted(*s);
    else if (const auto* floats = std::get_if<std::vector<float>>(&a.value))
      list(*floats, float_text);
    else if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&a.value))
      list(*integers, integer_text);
    else if (const auto* strings = std::get_if<std::vector<std::string>>(&a.value))
      list(*strings, quoted);
    else if (const auto* t = std::get_if<std::shared_ptr<const NamedTensor>>(&a.value)) {
      tensor(**t);
      text_ += elements((*t)->tensor);
    } else if (const auto* g = std::get_if<GraphPointer>(&a.value))
      graph(**g, depth);
    else
      throw Error("ONNX's text form cannot hold the attribute '" + a.name + "' of type " +
                  std::string(name_of(a.type())));
    leave_out(!a.doc_string.empty());
  }
  void function(const Function& f) {
    if (!f.default_attributes.empty() || !f.overload.empty())
      throw Error("ONNX's text form (1.12) cannot hold overloads and defaults of functions: '" + f.name +
                  "'");
    text_ += "<\n  domain: " + quoted(f.domain) + ",\n  opset_import: " + opsets(f.opset_imports) + "\n>\n";
    text_ += identifier(f.name, "function");
    if (!f.attributes.empty()) text_ += " <" + names(f.attributes) + ">";
    text_ += " (" + names(f.inputs) + ") => (" + names(f.outputs) + ")\n";
    nodes(f.nodes, 0);
    text_ += '\n';
    leave_out(!f.doc_string.empty() || !f.metadata.empty() || !f.value_infos.empty());
  }

  std::string text_;
  bool left_out_ = false;
};

}  // namespace

std::string onnx_text_from_wire(const std::string& wire, std::vector<std::string>& messages) {
  const FileBytes bytes = own_bytes(wire);
  const Model model = read_model(bytes.bytes, {bytes.owner, nullptr});
  TextWriter writer;
  const std::string text = writer.write(model);
  const FileBytes again = own_bytes(wire_from_onnx_text(text));
  const Model read_back = read_model(again.bytes, {again.owner, nullptr});
  if (read_back.graph->nodes.size() != model.graph->nodes.size() ||
      read_back.graph->initializers.size() != model.graph->initializers.size() ||
      read_back.functions.size() != model.functions.size())
    throw Error("ONNX's text form does not give this model back when it is read")
        .advice("Save it as .textproto or .json");
  if (writer.left_out())
    messages.push_back(
        "Names of nodes, documentation and metadata were left out: ONNX's text form cannot hold them");
  return text;
}

}  // namespace lapidary
