#include <algorithm>

#include "engine/analysis/inferred_types.h"
#include "engine/edit/families.h"
#include "engine/edit/names.h"
#include "engine/model/error.h"
#include "engine/model/sequence.h"

namespace lapidary {
namespace {

/// A graph to whose input or output nodes are added, one behind the other.
class Wrapping {
 public:
  Wrapping(const EditArguments& arguments, Graph& graph, Value value)
      : arguments(arguments), value(std::move(value)), graph_(graph), taken_(*arguments.model(), {}) {}

  const EditArguments& arguments;
  Value value;  ///< the input as callers will give it, or the output as the model made it

  const Shape& shape(std::size_t rank) const {
    if (!value.type.shape || value.type.shape->size() != rank)
      throw Error("has no declared shape of " + std::to_string(rank) + " dimensions")
          .tensor(value.name)
          .advice("Give it one with set_type first");
    return *value.type.shape;
  }
  std::int64_t opset() const { return arguments.model()->opset(); }

  std::string fresh(const std::string& base) { return taken_.fresh_value(base); }
  std::string constant(const std::string& base, Tensor tensor) {
    NamedTensor weight;
    weight.name = fresh(value.name + "_" + base);
    weight.tensor = std::move(tensor);
    std::string name = weight.name;
    graph_.initializers =
        appended(graph_.initializers, std::make_shared<const NamedTensor>(std::move(weight)));
    return name;
  }
  /// A node that reads the chain's end; returns what it makes.
  std::string node(const std::string& op_type, std::vector<std::string> inputs,
                   std::vector<Attribute> attributes = {}) {
    Node made;
    made.op_type = op_type;
    made.name = taken_.fresh_node(value.name + "_" + op_type);
    made.inputs = std::move(inputs);
    made.outputs = {fresh(value.name + "_" + op_type)};
    made.attributes = std::move(attributes);
    nodes.push_back(std::move(made));
    return nodes.back().outputs[0];
  }

  std::vector<Node> nodes;

 private:
  Graph& graph_;
  TakenNames taken_;
};

Attribute attribute(std::string name, AttributeValue value) {
  return {std::move(name), std::move(value), {}, {}, {}, {}, {}};
}

/// A number for each channel of [N, C, H, W] values, or one for all, as a constant [1, C, 1, 1].
std::string by_channel(Wrapping& wrapping, const std::string& parameter) {
  const std::vector<double> numbers = wrapping.arguments.numbers(parameter);
  if (numbers.empty()) throw wrapping.arguments.wrong(parameter, "is missing");
  Dims dims = {static_cast<std::int64_t>(numbers.size())};
  if (numbers.size() > 1) dims = {1, dims[0], 1, 1};
  return wrapping.constant(parameter, tensor_from(wrapping.value.type.element, dims, numbers));
}

std::string normalize(Wrapping& wrapping, std::string value) {
  if (wrapping.arguments.has("mean")) value = wrapping.node("Sub", {value, by_channel(wrapping, "mean")});
  if (wrapping.arguments.has("deviation"))
    value = wrapping.node("Div", {value, by_channel(wrapping, "deviation")});
  if (wrapping.arguments.has("scale")) value = wrapping.node("Mul", {value, by_channel(wrapping, "scale")});
  if (wrapping.nodes.empty())
    throw wrapping.arguments.wrong("mean", "is missing").advice("Give mean, deviation or scale");
  return value;
}

/// Callers give bytes, of which `scale` (1/255) makes numbers.
std::string from_bytes(Wrapping& wrapping, const std::string& value) {
  const DataType element = wrapping.value.type.element;
  const std::vector<double> scale =
      wrapping.arguments.has("scale") ? wrapping.arguments.numbers("scale") : std::vector<double>{1.0 / 255};
  const std::string number =
      wrapping.node("Cast", {value}, {attribute("to", static_cast<std::int64_t>(element))});
  const std::string factor = wrapping.constant("scale", tensor_from(element, {}, {scale.data(), 1}));
  wrapping.value.type.element = DataType::UInt8;
  return wrapping.node("Mul", {number, factor});
}

std::string to_bytes(Wrapping& wrapping, const std::string& value) {
  const DataType element = wrapping.value.type.element;
  const auto number = [&](const char* name, double n) {
    return wrapping.constant(name, tensor_from(element, {}, {&n, 1}));
  };
  const double scale = wrapping.arguments.has("scale") ? wrapping.arguments.numbers("scale").at(0) : 255;
  const std::string scaled = wrapping.node("Mul", {value, number("scale", scale)});
  const std::string low = wrapping.node("Max", {scaled, number("low", 0)});
  const std::string high = wrapping.node("Min", {low, number("high", 255)});
  return wrapping.node("Cast", {high}, {attribute("to", static_cast<std::int64_t>(DataType::UInt8))});
}

std::string transpose(Wrapping& wrapping, const std::string& value, const std::vector<std::int64_t>& order) {
  return wrapping.node("Transpose", {value}, {attribute("perm", order)});
}

const std::vector<std::int64_t> to_channels_first = {0, 3, 1, 2}, to_channels_last = {0, 2, 3, 1};

std::string input_channels_last(Wrapping& wrapping, const std::string& value) {
  const Shape shape = wrapping.shape(4);
  wrapping.value.type.shape = Shape{shape[0], shape[2], shape[3], shape[1]};
  return transpose(wrapping, value, to_channels_first);
}

std::string input_channels_first(Wrapping& wrapping, const std::string& value) {
  const Shape shape = wrapping.shape(4);
  wrapping.value.type.shape = Shape{shape[0], shape[3], shape[1], shape[2]};
  return transpose(wrapping, value, to_channels_last);
}

/// Callers give pictures of any size.
std::string resize(Wrapping& wrapping, const std::string& value) {
  const Shape shape = wrapping.shape(4);
  if (wrapping.opset() < 18)
    throw Error("resizing some axes needs operator set 18, and the model has " +
                std::to_string(wrapping.opset()))
        .advice("Raise it first: lapidary convert MODEL -o OUT --opset 18");
  if (!shape[2].is_constant() || !shape[3].is_constant())
    throw Error("has no fixed height and width to resize to").tensor(wrapping.value.name);
  const std::string sizes =
      wrapping.constant("sizes", Tensor::of<std::int64_t>({2}, {shape[2].value(), shape[3].value()}));
  wrapping.value.type.shape =
      Shape{shape[0], shape[1], Dimension::symbol("height"), Dimension::symbol("width")};
  return wrapping.node(
      "Resize", {value, "", "", sizes},
      {attribute("axes", std::vector<std::int64_t>{2, 3}), attribute("mode", std::string("linear")),
       attribute("coordinate_transformation_mode", std::string("half_pixel"))});
}

std::int64_t axis_of(const Wrapping& wrapping) { return wrapping.arguments.integer("axis", -1); }

std::string softmax(Wrapping& wrapping, const std::string& value) {
  return wrapping.node("Softmax", {value}, {attribute("axis", axis_of(wrapping))});
}

std::string argmax(Wrapping& wrapping, const std::string& value) {
  return wrapping.node("ArgMax", {value},
                       {attribute("axis", axis_of(wrapping)), attribute("keepdims", std::int64_t{0})});
}

std::string output_channels_last(Wrapping& wrapping, const std::string& value) {
  wrapping.shape(4);
  return transpose(wrapping, value, to_channels_last);
}

std::string output_channels_first(Wrapping& wrapping, const std::string& value) {
  wrapping.shape(4);
  return transpose(wrapping, value, to_channels_first);
}

/// What can be put around a model: adds nodes that read `value`, and returns what they make at last.
struct Template {
  const char* name;
  const char* description;
  std::string (*add)(Wrapping&, std::string value);
};

template <auto function>
std::string adding(Wrapping& wrapping, std::string value) {
  return function(wrapping, std::move(value));
}

const std::vector<Template>& input_templates() {
  static const std::vector<Template> all = {
      {"normalize", "subtract mean, divide by deviation, multiply by scale", adding<normalize>},
      {"from_bytes", "take uint8, multiplied by scale (1/255)", adding<from_bytes>},
      {"channels_last", "take [N, H, W, C] where the model takes [N, C, H, W]", adding<input_channels_last>},
      {"channels_first", "take [N, C, H, W] where the model takes [N, H, W, C]",
       adding<input_channels_first>},
      {"resize", "take pictures of any size", adding<resize>},
  };
  return all;
}

const std::vector<Template>& output_templates() {
  static const std::vector<Template> all = {
      {"softmax", "probabilities along axis (-1)", adding<softmax>},
      {"argmax", "the position of the largest along axis (-1)", adding<argmax>},
      {"to_bytes", "uint8 of the values times scale (255)", adding<to_bytes>},
      {"channels_last", "give [N, H, W, C] where the model gives [N, C, H, W]", adding<output_channels_last>},
      {"channels_first", "give [N, C, H, W] where the model gives [N, H, W, C]",
       adding<output_channels_first>},
  };
  return all;
}

const Template& chosen(const std::vector<Template>& templates, const std::string& name) {
  return *std::find_if(templates.begin(), templates.end(), [&](const Template& t) { return t.name == name; });
}

/// "normalize: subtract …; from_bytes: …".
EditParameter template_parameter(const std::vector<Template>& templates) {
  EditParameter parameter{"template", ParameterKind::Choice, "", true, {}};
  for (const Template& one : templates) {
    parameter.choices.push_back(one.name);
    parameter.description +=
        (parameter.description.empty() ? "" : "; ") + std::string(one.name) + ": " + one.description;
  }
  return parameter;
}

Value& find(std::vector<Value>& values, const std::string& name, const char* what) {
  const auto found =
      std::find_if(values.begin(), values.end(), [&](const Value& v) { return v.name == name; });
  if (found == values.end()) throw Error(std::string("is no ") + what).tensor(name);
  return *found;
}

/// The input keeps its name; what read it reads what the new nodes make of it.
ModelPointer wrap_input(const EditArguments& arguments) {
  return arguments.with_graph([&](Graph& graph) {
    Value& input = find(graph.inputs, arguments.text("tensor"), "input");
    Wrapping wrapping(arguments, graph, input);
    const std::string made = chosen(input_templates(), arguments.text("template")).add(wrapping, input.name);
    redirect_readers(graph, {{input.name, made}});
    input.type = wrapping.value.type;
    std::vector<std::shared_ptr<const Node>> nodes;
    for (Node& node : wrapping.nodes) nodes.push_back(std::make_shared<const Node>(std::move(node)));
    graph.nodes = with_inserted(graph.nodes, 0, std::move(nodes));
  });
}

/// The output keeps its name; what made it makes another, which the new nodes read.
ModelPointer wrap_output(const EditArguments& arguments) {
  const std::string name = arguments.text("tensor");
  const ModelPointer wrapped = arguments.with_graph([&](Graph& graph) {
    Value output = find(graph.outputs, name, "output");
    if (!output.type.is_known()) output.type = infer_types(*arguments.model()).type_of(name);
    Wrapping wrapping(arguments, graph, output);
    const std::string before = wrapping.fresh(name + "_before_" + arguments.text("template"));
    const std::string made = chosen(output_templates(), arguments.text("template")).add(wrapping, before);
    std::vector<Value> outputs = graph.outputs;
    rename_values(graph, {{name, before}});
    graph.outputs = std::move(outputs);
    for (Node& node : wrapping.nodes) {
      std::replace(node.outputs.begin(), node.outputs.end(), made, name);
      std::replace(node.inputs.begin(), node.inputs.end(), made, name);
      graph.nodes = appended(graph.nodes, std::make_shared<const Node>(std::move(node)));
    }
    find(graph.outputs, name, "output").type = {};
  });
  const Type type = infer_types(*wrapped).type_of(name);
  return with_graph_at(*wrapped, {}, [&](Graph& graph) { find(graph.outputs, name, "output").type = type; });
}

}  // namespace

std::vector<Edit> wrap_edits() {
  using Kind = ParameterKind;
  return {
      {"wrap_input",
       "Put preprocessing in front of an input, which keeps its name",
       {{"tensor", Kind::Tensor, "the input", true},
        template_parameter(input_templates()),
        {"mean", Kind::Numbers, "one for each channel, or one for all"},
        {"deviation", Kind::Numbers, "one for each channel, or one for all"},
        {"scale", Kind::Numbers, "one for each channel, or one for all"}},
       wrap_input},
      {"wrap_output",
       "Put postprocessing behind an output, which keeps its name",
       {{"tensor", Kind::Tensor, "the output", true},
        template_parameter(output_templates()),
        {"axis", Kind::Integer, "the axis"},
        {"scale", Kind::Numbers, "a factor"}},
       wrap_output},
  };
}

}  // namespace lapidary
