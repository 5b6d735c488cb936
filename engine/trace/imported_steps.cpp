#include "engine/trace/imported_steps.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "engine/trace/json_cursor.h"

namespace lapidary {
namespace {

using Json = nlohmann::json;

/// The arguments that tell what ran, in the words of ONNX Runtime, of this program, and of PyTorch. All are
/// optional: older versions write fewer.
enum Argument {
  OpName,
  Provider,
  InputShapes,
  OutputShapes,  // ONNX Runtime
  NodeName,
  NodeNames,
  Op,
  Bytes,
  Flops,
  Macs,
  RunsAs,  // this program
  InputDims,
  InputTypes,  // PyTorch
  ArgumentCount
};
constexpr std::array<std::string_view, ArgumentCount> argument_names = {
    "op_name", "provider", "input_type_shape", "output_type_shape", "node",      "nodes", "op", "bytes",
    "flops",   "macs",     "implementation",   "Input Dims",        "Input type"};
using Arguments = std::array<std::string_view, ArgumentCount>;

Arguments arguments_of(std::string_view object) {
  Arguments found;
  JsonCursor cursor(object);
  std::string_view key, value;
  if (!cursor.enter('{')) return found;
  while (cursor.next_key(key) && cursor.value(value)) {
    const auto place = std::find(argument_names.begin(), argument_names.end(), key);
    if (place != argument_names.end())
      found[static_cast<std::size_t>(place - argument_names.begin())] = value;
  }
  return found;
}

constexpr std::array<std::string_view, 5> operator_categories = {"Node", "operator", "cpu_op", "kernel",
                                                                 "Op"};

constexpr std::string_view kernel_time = "_kernel_time";  // ONNX Runtime's ending for the operator itself

bool is_fence(std::string_view name) {
  return name.ends_with("_fence_before") || name.ends_with("_fence_after");
}

double number_in(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  return json.is_number() ? json.get<double>() : 0;
}

std::optional<Dims> dims_in(const Json& list) {
  if (!list.is_array()) return std::nullopt;
  Dims dims;
  for (const auto& size : list) {
    if (!size.is_number_integer() || size.get<std::int64_t>() < 0) return std::nullopt;
    dims.push_back(size.get<std::int64_t>());
  }
  return dims;
}

/// [{"float": [1, 64, 56, 56]}, …]
std::vector<Type> types_in(std::string_view text) {
  std::vector<Type> types;
  const Json list = Json::parse(text, nullptr, false);
  if (!list.is_array()) return types;
  for (const auto& entry : list) {
    Type& type = types.emplace_back();
    if (!entry.is_object() || entry.empty()) continue;
    const auto dims = dims_in(entry.begin().value());
    const auto element = data_type_from(entry.begin().key());
    if (dims && element) type = Type::tensor(*element, shape_of(*dims));
  }
  return types;
}

DataType torch_type(const std::string& name) {
  static const std::unordered_map<std::string, DataType> types = {
      {"float", DataType::Float32},     {"double", DataType::Float64},
      {"c10::Half", DataType::Float16}, {"c10::BFloat16", DataType::BFloat16},
      {"long int", DataType::Int64},    {"long", DataType::Int64},
      {"int", DataType::Int32},         {"short int", DataType::Int16},
      {"signed char", DataType::Int8},  {"unsigned char", DataType::UInt8},
      {"bool", DataType::Bool}};
  const auto found = types.find(name);
  return found == types.end() ? DataType::Undefined : found->second;
}

/// [[1, 64], [], …] with ["float", "Scalar", …]: the tensors among the arguments.
std::vector<Type> torch_types_in(std::string_view dims_text, std::string_view types_text) {
  std::vector<Type> types;
  const Json dims = Json::parse(dims_text, nullptr, false), names = Json::parse(types_text, nullptr, false);
  if (!dims.is_array() || !names.is_array()) return types;
  for (std::size_t i = 0; i < std::min(dims.size(), names.size()); ++i) {
    const DataType element = names[i].is_string() ? torch_type(names[i].get<std::string>()) : DataType();
    const auto sizes = dims_in(dims[i]);
    if (sizes && element != DataType::Undefined) types.push_back(Type::tensor(element, shape_of(*sizes)));
  }
  return types;
}

std::int64_t bytes_of(const std::vector<Type>& types) {
  std::int64_t sum = 0;
  for (const Type& type : types)
    if (type.is_tensor()) sum += bytes_for(type.element, element_count(*constant_dims(*type.shape)));
  return sum;
}

std::vector<std::string> texts_in(std::string_view text) {
  std::vector<std::string> texts;
  const Json list = Json::parse(text, nullptr, false);
  if (list.is_array())
    for (const auto& entry : list)
      if (entry.is_string()) texts.push_back(entry.get<std::string>());
  return texts;
}

Step make_step(const TraceEvent& event, const Arguments& arguments) {
  Step step;
  std::string name = unescaped(event.name);
  if (event.category == "Node" && name.ends_with(kernel_time)) name.resize(name.size() - kernel_time.size());
  const auto first_of = [&](Argument a, Argument b) {
    return arguments[a].empty() ? arguments[b] : arguments[a];
  };
  step.name = arguments[NodeName].empty() ? name : unescaped(arguments[NodeName]);
  step.op_type = unescaped(first_of(OpName, Op));
  if (step.op_type.empty()) step.op_type = name;
  step.implementation = unescaped(first_of(Provider, RunsAs));
  step.inputs = arguments[InputDims].empty() ? types_in(arguments[InputShapes])
                                             : torch_types_in(arguments[InputDims], arguments[InputTypes]);
  step.outputs = types_in(arguments[OutputShapes]);
  step.bytes = arguments[Bytes].empty() ? bytes_of(step.inputs) + bytes_of(step.outputs)
                                        : static_cast<std::int64_t>(number_in(arguments[Bytes]));
  step.flops = number_in(arguments[Flops]);
  step.macs = number_in(arguments[Macs]);
  step.node_names = texts_in(arguments[NodeNames]);
  return step;
}

}  // namespace

int ImportedSteps::step_of(const TraceEvent& event) {
  const bool is_operator = std::find(operator_categories.begin(), operator_categories.end(),
                                     event.category) != operator_categories.end() &&
                           !is_fence(event.name);
  const Arguments arguments =
      is_operator && !event.arguments.empty() ? arguments_of(event.arguments) : Arguments{};
  key_.assign(event.name).append(1, '\0').append(event.category);
  for (const auto& argument : arguments) key_.append(1, '\0').append(argument);
  const auto [place, fresh] = index_of_.try_emplace(key_, static_cast<int>(trace_.steps.size()));
  if (fresh) {
    trace_.steps.push_back(make_step(event, arguments));
    trace_.origins.push_back({unescaped(event.category), is_operator, {}});
  }
  return place->second;
}

}  // namespace lapidary
