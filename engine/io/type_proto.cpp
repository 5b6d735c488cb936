#include "engine/io/type_proto.h"

#include "engine/io/fields.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

constexpr int max_type_depth = 32;

Dimension read_dimension(std::span<const std::byte> message) {
  Dimension dimension;
  WireReader reader(message);
  for (WireField f; reader.next(f);) {
    if (f.is(1, WireType::Varint)) dimension = Dimension(static_cast<std::int64_t>(f.value));
    if (f.is(2, WireType::Bytes)) dimension = Dimension::parse(std::string(f.text()));
  }
  // Some exporters say -1 or 0xffff… for "not known".
  return dimension.is_constant() && dimension.value() < 0 ? Dimension::unknown() : dimension;
}

Shape read_shape(std::span<const std::byte> message) {
  Shape shape;
  WireReader reader(message);
  for (WireField f; reader.next(f);)
    if (f.is(1, WireType::Bytes)) shape.push_back(read_dimension(f.bytes));
  return shape;
}

void read_tensor_type(std::span<const std::byte> message, Type& type) {
  WireReader reader(message);
  for (WireField f; reader.next(f);) {
    if (f.is(1, WireType::Varint)) type.element = data_type_of_number(static_cast<std::int64_t>(f.value));
    if (f.is(2, WireType::Bytes)) type.shape = read_shape(f.bytes);
  }
}

Type read_members(std::span<const std::byte> message, int depth);

/// Sequences and optionals hold their element in field 1; maps their key there and the value in field 2.
void read_container(std::span<const std::byte> message, std::uint32_t inner_field, Type& type, int depth) {
  type.inner = std::make_shared<const Type>();
  WireReader reader(message);
  for (WireField f; reader.next(f);) {
    if (f.is(inner_field, WireType::Bytes))
      type.inner = std::make_shared<const Type>(read_members(f.bytes, depth + 1));
    if (f.is(1, WireType::Varint)) type.element = data_type_of_number(static_cast<std::int64_t>(f.value));
  }
}

Type read_members(std::span<const std::byte> message, int depth) {
  if (depth > max_type_depth)
    throw Error("a type is nested deeper than " + std::to_string(max_type_depth) + " levels");
  Type type;
  WireReader reader(message);
  for (WireField f; reader.next(f);) {
    switch (key_of(f)) {
      case bytes_key(1):
        type.kind = Type::Kind::Tensor;
        read_tensor_type(f.bytes, type);
        break;
      case bytes_key(8):
        type.kind = Type::Kind::SparseTensor;
        read_tensor_type(f.bytes, type);
        break;
      case bytes_key(4):
        type.kind = Type::Kind::Sequence;
        read_container(f.bytes, 1, type, depth);
        break;
      case bytes_key(9):
        type.kind = Type::Kind::Optional;
        read_container(f.bytes, 1, type, depth);
        break;
      case bytes_key(5):
        type.kind = Type::Kind::Map;
        read_container(f.bytes, 2, type, depth);
        break;
      case bytes_key(6):
        type.denotation = f.text();
        break;
      default:
        break;
    }
  }
  return type;
}

WireWriter write_shape(const Shape& shape) {
  WireWriter message;
  for (const Dimension& d : shape) {
    WireWriter dimension;
    if (d.is_constant())
      dimension.number(1, d.value());
    else if (d.is_known())
      dimension.text(2, d.to_string());
    message.message(1, dimension);
  }
  return message;
}

WireWriter write_members(const Type& type) {
  WireWriter content;
  if (type.element != DataType::Undefined) content.number(1, static_cast<std::int64_t>(type.element));
  WireWriter message;
  switch (type.kind) {
    case Type::Kind::Unknown:
      break;
    case Type::Kind::Tensor:
    case Type::Kind::SparseTensor:
      if (type.shape) content.message(2, write_shape(*type.shape));
      message.message(type.kind == Type::Kind::Tensor ? 1 : 8, content);
      break;
    case Type::Kind::Sequence:
    case Type::Kind::Optional:
      content = {};
      content.message(1, write_members(*type.inner));
      message.message(type.kind == Type::Kind::Sequence ? 4 : 9, content);
      break;
    case Type::Kind::Map:
      content.message(2, write_members(*type.inner));
      message.message(5, content);
      break;
  }
  if (!type.denotation.empty()) message.text(6, type.denotation);
  return message;
}

}  // namespace

DataType data_type_of_number(std::int64_t number) {
  return number > 0 && number < data_type_count ? static_cast<DataType>(number) : DataType::Undefined;
}

Type read_type(std::span<const std::byte> message) {
  Type type = read_members(message, 0);
  const std::string_view source(reinterpret_cast<const char*>(message.data()), message.size());
  if (write_members(type).to_string() != source) type.wire_bytes = source;
  return type;
}

WireWriter write_type(const Type& type) {
  WireWriter written = write_members(type);
  if (type.wire_bytes.empty()) return written;
  const Type source = read_members(std::as_bytes(std::span(type.wire_bytes)), 0);
  if (write_members(source).to_string() != written.to_string()) return written;
  WireWriter original;
  original.raw(type.wire_bytes);
  return original;
}

}  // namespace lapidary
