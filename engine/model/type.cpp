#include "engine/model/type.h"

#include <utility>

namespace lapidary {

Type Type::tensor(DataType element, std::optional<Shape> shape) {
  Type type;
  type.kind = Kind::Tensor;
  type.element = element;
  type.shape = std::move(shape);
  return type;
}

Type Type::sparse_tensor(DataType element, std::optional<Shape> shape) {
  Type type = tensor(element, std::move(shape));
  type.kind = Kind::SparseTensor;
  return type;
}

Type Type::sequence(Type element) {
  Type type;
  type.kind = Kind::Sequence;
  type.inner = std::make_shared<const Type>(std::move(element));
  return type;
}

Type Type::optional(Type element) {
  Type type = sequence(std::move(element));
  type.kind = Kind::Optional;
  return type;
}

Type Type::map(DataType key, Type value) {
  Type type = sequence(std::move(value));
  type.kind = Kind::Map;
  type.element = key;
  return type;
}

std::string constraint_text(const Type& type) {
  const std::string element(constraint_name_of(type.element));
  switch (type.kind) {
    case Type::Kind::Unknown:
      return {};
    case Type::Kind::Tensor:
      return "tensor(" + element + ")";
    case Type::Kind::SparseTensor:
      return "sparse_tensor(" + element + ")";
    case Type::Kind::Sequence:
      return "seq(" + constraint_text(*type.inner) + ")";
    case Type::Kind::Optional:
      return "optional(" + constraint_text(*type.inner) + ")";
    case Type::Kind::Map:
      return "map(" + element + ", " + constraint_text(*type.inner) + ")";
  }
  return {};
}

std::string to_string(const Type& type) {
  const std::string element(name_of(type.element));
  switch (type.kind) {
    case Type::Kind::Unknown:
      return "unknown type";
    case Type::Kind::Tensor:
    case Type::Kind::SparseTensor: {
      const std::string prefix = type.kind == Type::Kind::SparseTensor ? "sparse " : "";
      if (!type.shape) return prefix + element;
      return prefix + element + " " + to_string(*type.shape);
    }
    case Type::Kind::Sequence:
      return "sequence of " + to_string(*type.inner);
    case Type::Kind::Optional:
      return "optional " + to_string(*type.inner);
    case Type::Kind::Map:
      return "map from " + element + " to " + to_string(*type.inner);
  }
  return {};
}

}  // namespace lapidary
