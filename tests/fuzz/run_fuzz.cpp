#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <string>

#include "engine/model/memory_budget.h"
#include "engine/ops/operator_table.h"
#include "engine/reference/interpreter.h"

using namespace lapidary;

namespace {

constexpr std::int64_t memory_bytes = std::int64_t{64} << 20;
constexpr int most_body_runs = 50;
constexpr std::int64_t most_elements = 256;

/// Reads choices from the fuzzer's bytes; when they are used up, every choice is the first.
class Choices {
 public:
  Choices(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  std::uint8_t byte() { return at_ < size_ ? data_[at_++] : std::uint8_t{0}; }
  std::size_t below(std::size_t count) {
    const std::size_t high = count > 256 ? byte() : std::uint8_t{0};
    return (high * 256 + byte()) % count;
  }
  bool likely() { return byte() % 4 != 3; }

  Dims last_dims;  ///< of the tensor that was made before

 private:
  const std::uint8_t* data_;
  std::size_t size_, at_ = 0;
};

/// Mostly small numbers, and those at which arithmetic goes wrong.
std::int64_t integer(Choices& choices) {
  constexpr std::array<std::int64_t, 10> odd = {std::numeric_limits<std::int64_t>::min(),
                                                std::numeric_limits<std::int64_t>::max(),
                                                std::int64_t{1} << 62,
                                                std::int64_t{1} << 40,
                                                std::int64_t{1} << 31,
                                                -(std::int64_t{1} << 31) - 1,
                                                65536,
                                                1000,
                                                -1000,
                                                -17};
  const std::uint8_t choice = choices.byte();
  return choice < 224 ? choice % 11 - 4 : odd[choice % odd.size()];
}

double real(Choices& choices) {
  constexpr std::array<double, 8> odd = {std::numeric_limits<double>::quiet_NaN(),
                                         std::numeric_limits<double>::infinity(),
                                         -std::numeric_limits<double>::infinity(),
                                         1e308,
                                         -1e30,
                                         1e-310,
                                         1e18,
                                         -0.0};
  const std::uint8_t choice = choices.byte();
  return choice < 224 ? (choice - 112) / 16.0 : odd[choice % odd.size()];
}

std::string text(Choices& choices) {
  constexpr std::array words = {"",        "add",     "mul",      "max",        "min",           "none",
                                "nearest", "linear",  "cubic",    "SAME_UPPER", "SAME_LOWER",    "VALID",
                                "NOTSET",  "edge",    "wrap",     "TF",         "reflect",       "constant",
                                "sum",     "mean",    "bilinear", "border",     "zeros",         "half_pixel",
                                "ij->ji",  "a,b->ab", "...i->i",  "LEFT",       "RIGHT",         "DCR",
                                "CRD",     "tanh",    "RGB",      "(a|b)*",     "align_corners", "MAX",
                                "SUM",     "SOFTMAX", "nesterov", "Grayscale",  "euclidean"};
  return words[choices.below(words.size())];
}

/// Often the sizes of the tensor before, so that calls get past the first checks.
Dims make_dims(Choices& choices) {
  const std::uint8_t choice = choices.byte();
  if (choice % 3 == 0) return choices.last_dims;
  Dims dims(choice % 5);
  for (auto& size : dims) size = choices.byte() % 5;
  if (element_count(dims) > most_elements) dims = {3};
  choices.last_dims = dims;
  return dims;
}

Tensor make_tensor(Choices& choices, DataType type) {
  Dims dims = make_dims(choices);
  const std::int64_t count = element_count(dims);
  if (type == DataType::String) {
    std::vector<std::string> strings;
    for (std::int64_t i = 0; i < count; ++i) strings.push_back(text(choices));
    return Tensor::of_strings(dims, strings);
  }
  if (type == DataType::Complex64 || type == DataType::Complex128 || type == DataType::Undefined) {
    Tensor tensor(type == DataType::Complex64 ? type : DataType::Complex128, dims);
    for (auto* at = tensor.mutable_bytes(); at != tensor.mutable_bytes() + tensor.size_bytes(); ++at)
      *at = std::byte{choices.byte()};
    return tensor;
  }
  if (is_floating(type)) {
    std::vector<double> values;
    for (std::int64_t i = 0; i < count; ++i) values.push_back(real(choices));
    return tensor_from(type, dims, values);
  }
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(integer(choices));
  return converted(Tensor::of(dims, values), type);
}

/// A datum of a type in a record's notation: "tensor(float)", "seq(tensor(int64))",
/// "optional(tensor(float))".
Datum make_datum(Choices& choices, const std::string& type) {
  if (type.starts_with("seq(")) {
    Sequence elements;
    for (int i = choices.byte() % 4; i > 0; --i)
      elements.push_back(make_datum(choices, type.substr(4, type.size() - 5)));
    return Datum::sequence(std::move(elements));
  }
  if (type.starts_with("optional("))
    return choices.likely() ? make_datum(choices, type.substr(9, type.size() - 10)) : Datum();
  const auto element =
      type.starts_with("tensor(") ? data_type_from(type.substr(7, type.size() - 8)) : std::nullopt;
  return make_tensor(choices, element.value_or(DataType::Float32));
}

/// A body that hands its inputs on: for If no inputs and a constant, for Loop and Scan as many as there are
/// states.
GraphPointer make_body(Choices& choices) {
  Graph graph;
  const int count = choices.byte() % 4;
  for (int i = 0; i < count; ++i) {
    Value input, output;
    input.name = "in" + std::to_string(i), output.name = "out" + std::to_string(i);
    graph.inputs.push_back(input);
    graph.outputs.push_back(output);
  }
  return std::make_shared<const Graph>(std::move(graph));
}

AttributeValue make_attribute(Choices& choices, AttributeType type) {
  const auto list = [&](auto make) {
    std::vector<decltype(make(choices))> values;
    for (int i = choices.byte() % 5; i > 0; --i) values.push_back(make(choices));
    return values;
  };
  const auto single = [](Choices& c) { return static_cast<float>(real(c)); };
  const auto tensor = [](Choices& c) {
    auto named = std::make_shared<NamedTensor>();
    named->tensor = make_tensor(c, static_cast<DataType>(c.byte() % data_type_count));
    return std::shared_ptr<const NamedTensor>(std::move(named));
  };
  switch (type) {
    case AttributeType::Float:
      return single(choices);
    case AttributeType::Int:
      return integer(choices);
    case AttributeType::String:
      return text(choices);
    case AttributeType::Floats:
      return list(single);
    case AttributeType::Ints:
      return list(integer);
    case AttributeType::Strings:
      return list(text);
    case AttributeType::Tensor:
      return tensor(choices);
    case AttributeType::Graph:
      return make_body(choices);
    default:
      return {};
  }
}

struct Call {
  const Operator* record;
  Node node;
  std::vector<Datum> inputs;
};

/// A number of the operator's own (FNV-1a of domain, name and version), so that kept inputs still mean the
/// same operator when others come.
std::uint32_t number_of(const Operator& record) {
  std::uint32_t number = 2166136261;
  for (const char c : record.domain + ':' + record.name + ':' + std::to_string(record.since_version))
    number = (number ^ static_cast<std::uint8_t>(c)) * 16777619;
  return number;
}

/// The operator whose number comes next to four of the bytes.
const Operator* choose_operator(Choices& choices) {
  static const auto records = [] {
    std::map<std::uint32_t, const Operator*> by_number;
    for (const Operator* record : operator_table().all()) by_number.emplace(number_of(*record), record);
    return by_number;
  }();
  std::uint32_t number = 0;
  for (int i = 0; i < 4; ++i) number = number << 8 | choices.byte();
  const auto next = records.lower_bound(number);
  return next == records.end() ? records.begin()->second : next->second;
}

Call make_call(Choices& choices) {
  Call call{choose_operator(choices), {}, {}};
  const Operator& record = *call.record;
  call.node.op_type = record.name;
  call.node.domain = record.domain;
  for (const auto& spec : record.attributes) {
    if (!choices.likely() && !spec.required) continue;
    if (spec.default_value.index() != 0 && !choices.likely()) continue;
    Attribute attribute;
    attribute.name = spec.name;
    attribute.value = make_attribute(choices, spec.type);
    if (attribute.value.index() != 0) call.node.attributes.push_back(std::move(attribute));
  }
  std::map<std::string, std::string> types;  // of each constraint
  for (const auto& parameter : record.inputs) {
    const TypeConstraint* constraint = record.find_constraint(parameter.type);
    if (constraint && (!types.contains(parameter.type) || !choices.likely()))
      types[parameter.type] = constraint->types[choices.below(constraint->types.size())];
    const std::string type = constraint ? types[parameter.type] : parameter.type;
    for (int i = parameter.arity == Arity::Variadic ? choices.byte() % 4 : 1; i > 0; --i) {
      const bool left_out = parameter.arity == Arity::Optional && !choices.likely();
      call.inputs.push_back(left_out ? Datum() : make_datum(choices, type));
      call.node.inputs.push_back(left_out ? "" : "i" + std::to_string(call.inputs.size()));
    }
  }
  for (const auto& parameter : record.outputs)
    for (int i = parameter.arity == Arity::Variadic ? choices.byte() % 4 : 1; i > 0; --i)
      call.node.outputs.push_back("o" + std::to_string(call.node.outputs.size()));
  return call;
}

}  // namespace

/// Runs an operator on attributes and inputs that the bytes choose: indices out of range, huge pads, sizes,
/// counts. Whatever they are, the outcome is outputs or an Error, in little memory.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Choices choices(data, size);
  const MemoryBudget::Scope scope(std::make_shared<MemoryBudget>(memory_bytes));
  int runs = 0;
  KernelServices services;
  services.run_subgraph = [&](const Graph& graph, std::vector<Datum> inputs) {
    if (++runs > most_body_runs) throw Cancelled();
    inputs.resize(graph.outputs.size());
    return inputs;
  };
  try {
    const Call call = make_call(choices);
    if (call.record->kernel_function) run_kernel(call.node, *call.record, call.inputs, services);
  } catch (const Error&) {
  }
  return 0;
}
