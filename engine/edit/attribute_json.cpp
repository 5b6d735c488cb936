#include "engine/edit/attribute_json.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/edit/data_json.h"
#include "engine/edit/type_text.h"
#include "engine/model/error.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

[[noreturn]] void refuse(const EditJson& json, AttributeType type) {
  throw Error(
      "an attribute of type " + std::string(name_of(type)) + " cannot hold " + json.dump().substr(0, 80),
      Error::Kind::Usage);
}

std::int64_t integer_from(const EditJson& json) {
  if (!json.is_number_integer()) refuse(json, AttributeType::Int);
  return json.get<std::int64_t>();
}

float float_from(const EditJson& json) {
  if (json.is_number()) return json.get<float>();
  if (json == "NaN") return std::numeric_limits<float>::quiet_NaN();
  if (json == "Infinity") return std::numeric_limits<float>::infinity();
  if (json == "-Infinity") return -std::numeric_limits<float>::infinity();
  refuse(json, AttributeType::Float);
}

std::string string_from(const EditJson& json) {
  if (json.is_string()) return json.get<std::string>();
  if (json.is_object() && json.contains("base64") && json["base64"].is_string())
    return bytes_from_base64(json["base64"].get<std::string>());
  refuse(json, AttributeType::String);
}

std::shared_ptr<const NamedTensor> named_tensor_from(const EditJson& json) {
  NamedTensor named;
  named.tensor = tensor_from_json(json);
  return std::make_shared<const NamedTensor>(std::move(named));
}

GraphPointer graph_from(const EditJson& json) {
  const GraphPointer graph = model_from_json(json)->graph;
  return graph ? graph : std::make_shared<const Graph>();
}

Type type_from(const EditJson& json) {
  if (!json.is_string()) refuse(json, AttributeType::TypeProto);
  return type_from_text(json.get<std::string>());
}

template <class Read>
auto list_from(const EditJson& json, AttributeType type, Read read) {
  if (!json.is_array()) refuse(json, type);
  std::vector<decltype(read(json))> list;
  for (const auto& element : json) list.push_back(read(element));
  return list;
}

AttributeValue value_of_type(const EditJson& json, AttributeType type) {
  switch (type) {
    case AttributeType::Float:
      return float_from(json);
    case AttributeType::Int:
      return integer_from(json);
    case AttributeType::String:
      return string_from(json);
    case AttributeType::Tensor:
      return named_tensor_from(json);
    case AttributeType::Graph:
      return graph_from(json);
    case AttributeType::Floats:
      return list_from(json, type, float_from);
    case AttributeType::Ints:
      return list_from(json, type, integer_from);
    case AttributeType::Strings:
      return list_from(json, type, string_from);
    case AttributeType::Tensors:
      return list_from(json, type, named_tensor_from);
    case AttributeType::Graphs:
      return list_from(json, type, graph_from);
    case AttributeType::TypeProto:
      return type_from(json);
    case AttributeType::TypeProtos:
      return list_from(json, type, type_from);
    default:
      throw Error("attributes of type " + std::string(name_of(type)) + " cannot be written in a step",
                  Error::Kind::Usage);
  }
}

/// What plain JSON says of itself.
AttributeType plain_type(const EditJson& json) {
  if (json.is_number_integer()) return AttributeType::Int;
  if (json.is_number()) return AttributeType::Float;
  if (json.is_string()) return AttributeType::String;
  if (json.is_object()) return json.contains("onnx") ? AttributeType::Graph : AttributeType::Tensor;
  if (!json.is_array() || json.empty())
    throw Error("the attribute's type cannot be told from " + json.dump(), Error::Kind::Usage)
        .advice("Write it with its type: {\"type\": \"ints\", \"value\": []}");
  const auto all = [&](auto is) { return std::all_of(json.begin(), json.end(), is); };
  if (all([](const EditJson& e) { return e.is_number_integer(); })) return AttributeType::Ints;
  if (all([](const EditJson& e) { return e.is_string(); })) return AttributeType::Strings;
  if (all([](const EditJson& e) { return e.is_number(); })) return AttributeType::Floats;
  return AttributeType::Tensors;
}

std::optional<AttributeType> attribute_type_from(std::string_view name) {
  for (int i = 1; i <= static_cast<int>(AttributeType::TypeProtos); ++i)
    if (name_of(static_cast<AttributeType>(i)) == name) return static_cast<AttributeType>(i);
  return std::nullopt;
}

/// {"type": an attribute's type, "value": …}; the forms of tensors have no "value".
bool is_typed(const EditJson& json) {
  return json.is_object() && json.contains("type") && json["type"].is_string() && json.contains("value");
}

}  // namespace

AttributeValue attribute_from_json(const EditJson& json, AttributeType expected) {
  if (is_typed(json)) {
    const auto type = attribute_type_from(json["type"].get<std::string>());
    if (!type) throw Error("there is no attribute type " + json["type"].dump(), Error::Kind::Usage);
    return value_of_type(json["value"], *type);
  }
  return value_of_type(json, expected == AttributeType::Undefined ? plain_type(json) : expected);
}

namespace {

EditJson json_of(float value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

bool is_utf8(const std::string& text) {
  try {
    EditJson(text).dump();
    return true;
  } catch (const EditJson::exception&) {
    return false;
  }
}

/// The "value" of each type.
struct ValueJson {
  EditJson operator()(std::monostate) const { return nullptr; }
  EditJson operator()(float value) const { return json_of(value); }
  EditJson operator()(std::int64_t value) const { return value; }
  EditJson operator()(const std::string& value) const {
    return is_utf8(value) ? EditJson(value) : EditJson{{"base64", base64(value)}};
  }
  EditJson operator()(const std::shared_ptr<const NamedTensor>& value) const {
    return to_json(value->tensor);
  }
  EditJson operator()(const GraphPointer& value) const {
    Model holder;
    holder.graph = value;
    return to_json(holder);
  }
  EditJson operator()(const std::shared_ptr<const NamedSparseTensor>&) const { return nullptr; }
  EditJson operator()(const Type& value) const { return type_text(value); }
  template <class T>
  EditJson operator()(const std::vector<T>& values) const {
    EditJson list = EditJson::array();
    for (const auto& value : values) list.push_back((*this)(value));
    return list;
  }
};

}  // namespace

EditJson to_json(const AttributeValue& value) {
  return {{"type", name_of(static_cast<AttributeType>(value.index()))},
          {"value", std::visit(ValueJson{}, value)}};
}

AttributeType expected_type(const Model& model, const Node& node, std::string_view attribute) {
  if (const Attribute* present = node.find_attribute(attribute)) return present->type();
  const Operator* record = find_operator(model, node);
  const AttributeSpec* known = record ? record->find_attribute(attribute) : nullptr;
  return known ? known->type : AttributeType::Undefined;
}

}  // namespace lapidary
