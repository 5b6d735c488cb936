#include "engine/ops/example_text.h"

#include <cmath>
#include <complex>

#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/// The characters of a number at the start of the text; ".." ends it.
std::size_t number_length(std::string_view text) {
  std::size_t length = 0;
  const auto is_part = [&](char c) {
    if (c == '+' || c == '-') return length == 0 || text[length - 1] == 'e';
    return (c >= '0' && c <= '9') || c == 'e' || (c == '.' && text.substr(length, 2) != "..");
  };
  while (length < text.size() && is_part(text[length])) ++length;
  return length;
}

Value named_value(std::string name) {
  Value value;
  value.name = std::move(name);
  return value;
}

std::shared_ptr<const NamedTensor> named_tensor(std::string name, Tensor tensor) {
  NamedTensor named;
  named.name = std::move(name);
  named.tensor = std::move(tensor);
  return std::make_shared<const NamedTensor>(std::move(named));
}

}  // namespace

void ExampleText::fail(const std::string& reason) const {
  throw Error("example: " + reason + " at '" + std::string(rest_.substr(0, 40)) + "'");
}

void ExampleText::skip_spaces() {
  while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n')) rest_.remove_prefix(1);
}

bool ExampleText::at_end() {
  skip_spaces();
  return rest_.empty();
}

bool ExampleText::accept(std::string_view text) {
  skip_spaces();
  if (!rest_.starts_with(text)) return false;
  rest_.remove_prefix(text.size());
  return true;
}

void ExampleText::expect(std::string_view text) {
  if (!accept(text)) fail("no '" + std::string(text) + "'");
}

std::string_view ExampleText::next_name() {
  skip_spaces();
  std::size_t length = 0;
  while (length < rest_.size() && is_name_character(rest_[length])) ++length;
  return rest_.substr(0, length);
}

std::string ExampleText::name() {
  const std::string found(next_name());
  if (found.empty()) fail("no name");
  rest_.remove_prefix(found.size());
  return found;
}

double ExampleText::number() {
  if (accept("inf")) return INFINITY;
  if (accept("-inf")) return -INFINITY;
  if (accept("nan")) return NAN;
  if (accept("true")) return 1;
  if (accept("false")) return 0;
  skip_spaces();
  const std::size_t length = number_length(rest_);
  if (length == 0) fail("no number");
  try {
    const double value = std::stod(std::string(rest_.substr(0, length)));
    rest_.remove_prefix(length);
    return value;
  } catch (const std::exception&) {
    fail("no number");
  }
}

std::string ExampleText::quoted() {
  expect("\"");
  const std::size_t length = rest_.find('"');
  if (length == std::string_view::npos) fail("no closing quote");
  std::string text(rest_.substr(0, length));
  rest_.remove_prefix(length + 1);
  return text;
}

// --- data ---

/// What stands in the braces of a tensor: texts, or numbers with their imaginary parts.
struct ExampleText::Elements {
  bool are_texts;
  std::vector<std::string> texts;
  std::vector<double> reals, imaginaries;
};

void ExampleText::read_numbers(Elements& elements) {
  const double first = number();
  double imaginary = 0;
  if (!rest_.empty() && (rest_[0] == '+' || rest_[0] == '-')) {
    imaginary = number();
    expect("i");
  }
  elements.reals.push_back(first);
  elements.imaginaries.push_back(imaginary);
  if (!accept("..")) return;
  const double last = number();
  for (double value = first + 1; value <= last; ++value) {
    elements.reals.push_back(value);
    elements.imaginaries.push_back(0);
  }
}

void ExampleText::read_elements(Elements& elements) {
  expect("{");
  if (accept("}")) return;
  do {
    if (elements.are_texts)
      elements.texts.push_back(quoted());
    else
      read_numbers(elements);
  } while (accept(","));
  expect("}");
}

Dims ExampleText::sizes() {
  Dims dims;
  if (!accept("[") || accept("]")) return dims;
  do dims.push_back(static_cast<std::int64_t>(number()));
  while (accept(","));
  expect("]");
  return dims;
}

namespace {

template <class T>
void repeat_single(std::vector<T>& values, std::size_t count) {
  if (values.size() == 1) values.resize(count, values[0]);
}

template <class Real>
Tensor complex_tensor(const Dims& dims, const std::vector<double>& reals,
                      const std::vector<double>& imaginaries) {
  std::vector<std::complex<Real>> values;
  for (std::size_t i = 0; i < reals.size(); ++i)
    values.emplace_back(static_cast<Real>(reals[i]), static_cast<Real>(imaginaries[i]));
  return Tensor::of(dims, values);
}

}  // namespace

Tensor ExampleText::tensor() {
  const auto type = data_type_from(next_name());
  if (!type) fail("no element type");
  name();
  const Dims dims = sizes();
  Elements elements{*type == DataType::String, {}, {}, {}};
  read_elements(elements);
  const auto count = static_cast<std::size_t>(element_count(dims));
  repeat_single(elements.texts, count);
  repeat_single(elements.reals, count);
  repeat_single(elements.imaginaries, count);
  if ((elements.are_texts ? elements.texts.size() : elements.reals.size()) != count)
    fail("not " + std::to_string(count) + " elements before");
  if (elements.are_texts) return Tensor::of_strings(dims, std::move(elements.texts));
  if (*type == DataType::Complex64) return complex_tensor<float>(dims, elements.reals, elements.imaginaries);
  if (*type == DataType::Complex128)
    return complex_tensor<double>(dims, elements.reals, elements.imaginaries);
  return tensor_from(*type, dims, elements.reals);
}

Datum ExampleText::sequence() {
  Sequence elements;
  if (!accept(")")) {
    do elements.push_back(datum());
    while (accept(","));
    expect(")");
  }
  return Datum::sequence(std::move(elements));
}

Datum ExampleText::map() {
  auto map = std::make_shared<MapDatum>();
  map->keys = tensor();
  expect(";");
  do map->values.push_back(datum());
  while (accept(","));
  expect(")");
  Datum result;
  result.value = std::shared_ptr<const MapDatum>(std::move(map));
  return result;
}

Datum ExampleText::datum() {
  if (accept("seq(")) return sequence();
  if (accept("map(")) return map();
  if (accept("none")) return {};
  return tensor();
}

Type ExampleText::type() {
  if (accept("seq(") || accept("sequence(")) {
    Type element = type();
    expect(")");
    return Type::sequence(std::move(element));
  }
  if (accept("optional(")) {
    Type element = type();
    expect(")");
    return Type::optional(std::move(element));
  }
  expect("tensor(");
  const auto element = data_type_from(next_name());
  if (!element) fail("no element type");
  name();
  expect(")");
  return Type::tensor(*element);
}

// --- attributes and graphs ---

template <class T, class Read>
std::vector<T> ExampleText::list(Read read) {
  std::vector<T> values;
  expect("[");
  if (accept("]")) return values;
  do values.push_back(static_cast<T>(read()));
  while (accept(","));
  expect("]");
  return values;
}

AttributeValue ExampleText::attribute(AttributeType type) {
  const auto read_number = [this] { return number(); };
  switch (type) {
    case AttributeType::Float:
      return static_cast<float>(number());
    case AttributeType::Int:
      return static_cast<std::int64_t>(number());
    case AttributeType::String:
      return quoted();
    case AttributeType::Floats:
      return list<float>(read_number);
    case AttributeType::Ints:
      return list<std::int64_t>(read_number);
    case AttributeType::Strings:
      return list<std::string>([this] { return quoted(); });
    case AttributeType::Tensor:
      return named_tensor("", tensor());
    case AttributeType::Graph:
      return graph();
    case AttributeType::TypeProto:
      return this->type();
    default:
      fail("an attribute of a type that examples cannot write");
  }
}

std::vector<std::string> ExampleText::names(std::string_view close) {
  std::vector<std::string> found;
  if (accept(close)) return found;
  do found.push_back(name());
  while (accept(","));
  expect(close);
  return found;
}

GraphPointer ExampleText::graph() {
  Graph graph;
  graph.name = "body";
  expect("(");
  for (auto& input : names(")")) graph.inputs.push_back(named_value(std::move(input)));
  expect("=>");
  expect("(");
  for (auto& output : names(")")) graph.outputs.push_back(named_value(std::move(output)));
  expect("{");
  std::vector<std::shared_ptr<const Node>> nodes;
  std::vector<std::shared_ptr<const NamedTensor>> constants;
  while (!accept("}")) {
    const auto results = names("=");
    if (data_type_from(next_name()))
      constants.push_back(named_tensor(results.at(0), tensor()));
    else
      nodes.push_back(std::make_shared<const Node>(node(results, nodes.size())));
    if (accept(";")) continue;
    expect("}");
    break;
  }
  graph.nodes = PersistentVector(std::move(nodes));
  graph.initializers = PersistentVector(std::move(constants));
  return std::make_shared<const Graph>(std::move(graph));
}

/// What stands to the right of `sum, count = Operator<attributes>(inputs)`.
Node ExampleText::node(std::vector<std::string> outputs, std::size_t number) {
  Node node;
  node.outputs = std::move(outputs);
  node.op_type = name();
  if (const auto point = node.op_type.rfind('.'); point != std::string::npos) {
    node.domain = node.op_type.substr(0, point);
    node.op_type.erase(0, point + 1);
  }
  node.name = node.op_type + std::to_string(number);
  const Operator* record = operator_table().find(node.domain, node.op_type, INT64_MAX);
  if (!record) fail("no operator before");
  if (accept("<")) {
    do {
      const std::string attribute_name = name();
      const AttributeSpec* spec = record->find_attribute(attribute_name);
      if (!spec) fail("no attribute of " + node.op_type);
      expect("=");
      Attribute& given = node.attributes.emplace_back();
      given.name = attribute_name;
      given.value = attribute(spec->type);
    } while (accept(","));
    expect(">");
  }
  expect("(");
  node.inputs = names(")");
  return node;
}

}  // namespace lapidary
