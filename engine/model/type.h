#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/model/data_type.h"
#include "engine/model/dimension.h"

namespace lapidary {

/// The type of a value: ONNX's TypeProto. Only the members that belong to `kind` are set.
struct Type {
  enum class Kind { Unknown, Tensor, SparseTensor, Sequence, Map, Optional };

  Kind kind = Kind::Unknown;
  DataType element = DataType::Undefined;  ///< tensors: element; maps: key
  std::optional<Shape> shape;              ///< tensors; nothing if the rank is unknown
  std::shared_ptr<const Type> inner;       ///< sequences and optionals: element; maps: value
  std::string denotation;
  /// The file's own wire bytes, kept only where they say more than the members above (denotations of dimensions, an
  /// expression spelled otherwise, unknown fields) and written back as long as the members still say the same.
  std::string wire_bytes;

  static Type tensor(DataType element, std::optional<Shape> shape = std::nullopt);
  static Type sparse_tensor(DataType element, std::optional<Shape> shape = std::nullopt);
  static Type sequence(Type element);
  static Type optional(Type element);
  static Type map(DataType key, Type value);

  bool is_tensor() const { return kind == Kind::Tensor; }
  bool is_known() const { return kind != Kind::Unknown; }
};

/// As ONNX's operator signatures write it, without shapes: "tensor(float)", "seq(tensor(int64))",
/// "optional(tensor(bool))", "map(int64, tensor(float))"; empty if unknown.
std::string constraint_text(const Type& type);
/// For people: "float32 N × 3 × 224 × 224", "sequence of float32".
std::string to_string(const Type& type);

}  // namespace lapidary
