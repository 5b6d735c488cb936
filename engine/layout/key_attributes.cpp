#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "engine/layout/layout.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

using Integers = std::vector<std::int64_t>;

std::string joined(const Integers& values, std::string_view separator) {
  constexpr std::size_t most = 6;
  std::string text;
  for (std::size_t i = 0; i < std::min(values.size(), most); ++i) {
    if (i > 0) text += separator;
    // Slices to the end are written with the largest number there is.
    text += values[i] >= INT32_MAX ? "end" : values[i] <= INT32_MIN ? "begin" : std::to_string(values[i]);
  }
  return values.size() > most ? text + "…" : text;
}

std::string number(double value) {
  std::array<char, 32> buffer{};
  const auto exact = std::to_chars(buffer.data(), buffer.data() + buffer.size(), static_cast<float>(value));
  if (exact.ptr - buffer.data() <= 7 && std::find(buffer.data(), exact.ptr, 'e') == exact.ptr)
    return {buffer.data(), exact.ptr};
  const auto rounded =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::general, 3);
  return {buffer.data(), rounded.ptr};
}

bool all_are(const Integers& values, std::int64_t expected) {
  return std::all_of(values.begin(), values.end(), [=](std::int64_t value) { return value == expected; });
}

/// "2" where all are equal, "2×1" otherwise.
std::string sizes(const Integers& values) {
  return all_are(values, values.front()) ? std::to_string(values.front()) : joined(values, "×");
}

/// What one node may be asked while its line is put together.
struct Subject {
  const Node& node;
  const Graph& graph;
  const InferredTypes& types;
  OperatorKind kind;
  const Operator* record;

  const Tensor* constant(std::size_t input) const {
    return input < node.inputs.size() && !node.inputs[input].empty()
               ? types.constant_in(&graph, node.inputs[input])
               : nullptr;
  }
  Integers integers(std::string_view attribute) const { return node.attribute_or(attribute, Integers{}); }
};

/// The first constant input that has at least two dimensions: the weights.
const Dims* weight_dims(const Subject& subject, std::size_t least_rank) {
  for (std::size_t i = 0; i < subject.node.inputs.size(); ++i) {
    const Tensor* tensor = subject.constant(i);
    if (tensor && tensor->dims().size() >= least_rank) return &tensor->dims();
  }
  return nullptr;
}

/// "3×3 s2 d2", from the attributes or else from the weights [M, C/group, kernel…].
std::string window(const Subject& subject, const Dims* weights) {
  Integers kernel = subject.integers("kernel_shape");
  if (kernel.empty() && weights && weights->size() > 2 && subject.kind == OperatorKind::MatrixAndConvolution)
    kernel.assign(weights->begin() + 2, weights->end());
  if (kernel.empty()) return "";
  std::string text = joined(kernel, "×");
  const Integers strides = subject.integers("strides"), dilations = subject.integers("dilations");
  if (!strides.empty() && !all_are(strides, 1)) text += " s" + sizes(strides);
  if (!dilations.empty() && !all_are(dilations, 1)) text += " d" + sizes(dilations);
  return text;
}

/// "64→128": channels or features in and out.
std::string in_and_out(const Subject& subject, const Dims& weights) {
  const auto group = subject.node.attribute_or("group", std::int64_t{1});
  std::int64_t in = weights[weights.size() - 2], out = weights[weights.size() - 1];  // [K, N]
  if (weights.size() > 2 && subject.record && subject.record->name.find("Conv") != std::string::npos) {
    const bool transposed = subject.record->name.find("Transpose") != std::string::npos;
    in = transposed ? weights[0] : weights[1] * group;  // [C, M/group, …] or [M, C/group, …]
    out = transposed ? weights[1] * group : weights[0];
  } else if (subject.node.attribute_or("transB", std::int64_t{0}) != 0) {
    std::swap(in, out);
  }
  std::string text = std::to_string(in) + "→" + std::to_string(out);
  if (group > 1) text += group == in ? " depthwise" : " g" + std::to_string(group);
  return text;
}

/// A small tensor's contents in a few characters: "0.125", "1×-1×768".
std::string contents(const Tensor& tensor, std::string_view separator) {
  if (tensor.is_string() || tensor.size() == 0 || tensor.size() > 8) return "";
  if (tensor.type() == DataType::Complex64 || tensor.type() == DataType::Complex128) return "";
  if (!is_floating(tensor.type())) return joined(values_as<std::int64_t>(tensor), separator);
  std::string text;
  for (const double value : values_as<double>(tensor)) text += (text.empty() ? "" : " ") + number(value);
  return text;
}

void add(std::string& line, const std::string& part) {
  if (part.empty()) return;
  if (!line.empty()) line += " · ";
  line += part;
}

/// Attributes that matter wherever they occur, and how they read.
void add_attributes(const Subject& subject, std::string& line) {
  for (const Attribute& attribute : subject.node.attributes) {
    const auto* integer = std::get_if<std::int64_t>(&attribute.value);
    const auto* integers = std::get_if<Integers>(&attribute.value);
    const auto* real = std::get_if<float>(&attribute.value);
    const auto* text = std::get_if<std::string>(&attribute.value);
    const std::string& name = attribute.name;
    if (name == "perm" && integers) add(line, "perm " + joined(*integers, " "));
    if (name == "axes" && integers)
      add(line, (integers->size() == 1 ? "axis " : "axes ") + joined(*integers, " "));
    if ((name == "axis" || name == "k") && integer) add(line, name + " " + std::to_string(*integer));
    if (name == "to" && integer && *integer > 0 && *integer < data_type_count)
      add(line, "to " + std::string(name_of(static_cast<DataType>(*integer))));
    if (name == "hidden_size" && integer) add(line, "hidden " + std::to_string(*integer));
    if ((name == "num_heads" || name == "q_num_heads") && integer)
      add(line, std::to_string(*integer) + " heads");
    if (name == "blocksize" && integer) add(line, "block " + std::to_string(*integer));
    if ((name == "alpha" || name == "beta") && real && *real != 1) add(line, name + " " + number(*real));
    if ((name == "direction" || name == "mode" || name == "equation") && text) add(line, *text);
    if ((name == "min" || name == "max") && real) add(line, name + " " + number(*real));
  }
}

/// Inputs that steer the operator rather than feed it, known by their names in its record.
void add_named_inputs(const Subject& subject, std::string& line) {
  if (!subject.record) return;
  constexpr std::array<std::string_view, 7> said_with_name = {"axes", "axis",  "k",  "repeats",
                                                              "pads", "split", "min"};
  const auto& inputs = subject.record->inputs;
  for (std::size_t i = 0; i < std::min(inputs.size(), subject.node.inputs.size()); ++i) {
    const Tensor* tensor = subject.constant(i);
    if (!tensor) continue;
    const std::string& name = inputs[i].name;
    const std::string text = contents(*tensor, name == "shape" || name == "sizes" ? "×" : " ");
    if (text.empty()) continue;
    if (name == "shape" || name == "sizes") add(line, "to " + text);
    if (name == "scales") add(line, "× " + text);
    if (name == "max") line += line.empty() ? "max " + text : " max " + text;
    if (std::find(said_with_name.begin(), said_with_name.end(), name) != said_with_name.end())
      add(line, (name == "axes" && tensor->size() == 1 ? "axis" : name) + " " + text);
    if ((name == "starts" || name == "ends") && i > 0)
      line += (name == "starts" ? (line.empty() ? "" : " · ") : "…") + text;
  }
}

/// The other operand of element-wise arithmetic: its value if it is a number, else its shape.
void add_operand(const Subject& subject, std::string& line) {
  std::string last;
  for (std::size_t i = 0; i < subject.node.inputs.size(); ++i) {
    const Tensor* tensor = subject.constant(i);
    if (!tensor) continue;
    const std::string text = tensor->size() == 1 ? contents(*tensor, " ") : to_string(tensor->dims());
    if (std::exchange(last, text) != text) add(line, text);
  }
}

}  // namespace

std::string key_attributes(const Node& node, const Graph& graph, const InferredTypes& types) {
  const Subject subject{node, graph, types, kind_of(node.domain, node.op_type),
                        operator_table().find(node.domain, node.op_type, INT64_MAX)};
  std::string line;
  const bool has_weights = subject.kind == OperatorKind::MatrixAndConvolution;
  const Dims* weights = has_weights ? weight_dims(subject, 2) : nullptr;
  add(line, window(subject, weights));
  if (weights) add(line, in_and_out(subject, *weights));
  if (has_weights && line.empty()) {
    if (const Dims* bias = weight_dims(subject, 1)) add(line, to_string(*bias));
  }
  add_attributes(subject, line);
  add_named_inputs(subject, line);
  if (line.empty() &&
      (subject.kind == OperatorKind::ElementWise || subject.kind == OperatorKind::Normalization))
    add_operand(subject, line);
  if (line.empty() && subject.kind == OperatorKind::ShapeAndLayout) {
    if (const Dims* table = weight_dims(subject, 2)) add(line, to_string(*table));
  }
  if (node.op_type == "Constant" && line.empty() && !node.outputs.empty())
    add(line, to_string(types.type_in(&graph, node.outputs.front())));
  return line;
}

}  // namespace lapidary
