#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "engine/model/tensor.h"

namespace lapidary {

struct Graph;
struct NamedTensor;
struct NamedSparseTensor;
using GraphPointer = std::shared_ptr<const Graph>;

/// With the numbers of AttributeProto.AttributeType.
enum class AttributeType : std::uint8_t {
  Undefined = 0,
  Float = 1,
  Int = 2,
  String = 3,
  Tensor = 4,
  Graph = 5,
  Floats = 6,
  Ints = 7,
  Strings = 8,
  Tensors = 9,
  Graphs = 10,
  SparseTensor = 11,
  SparseTensors = 12,
  TypeProto = 13,
  TypeProtos = 14,
};

/// "float", "ints", "graph", …
std::string_view name_of(AttributeType type);

/// The alternatives' order follows AttributeType, so that `index()` of the variant is the type's number.
using AttributeValue =
    std::variant<std::monostate, float, std::int64_t, std::string, std::shared_ptr<const NamedTensor>,
                 GraphPointer, std::vector<float>, std::vector<std::int64_t>, std::vector<std::string>,
                 std::vector<std::shared_ptr<const NamedTensor>>, std::vector<GraphPointer>,
                 std::shared_ptr<const NamedSparseTensor>,
                 std::vector<std::shared_ptr<const NamedSparseTensor>>, Type, std::vector<Type>>;

struct Attribute {
  std::string name;
  AttributeValue value;
  /// In a function's body: the name of the function's attribute whose value stands here; `value` is then
  /// empty and `declared_type` says what it must be.
  std::string reference;
  AttributeType declared_type = AttributeType::Undefined;
  std::string doc_string;
  std::string unknown_fields;
  std::uint32_t stated = 0;  ///< as in model.h

  AttributeType type() const {
    return reference.empty() ? static_cast<AttributeType>(value.index()) : declared_type;
  }
};

/// One line for people: "3", "[1, 1]", "float32 64 × 3 × 7 × 7", "graph of 12 nodes"; long lists are cut.
std::string to_string(const AttributeValue& value);

}  // namespace lapidary
