#include "engine/io/datum_proto.h"

#include "engine/io/fields.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

constexpr int max_depth = 32;

/// Kinds of elements, with the numbers of SequenceProto.DataType; field `kind + 2` holds values of it.
enum Kind : std::uint32_t {
  Nothing = 0,
  TensorKind = 1,
  SparseKind = 2,
  SequenceKind = 3,
  MapKind = 4,
  OptionalKind = 5
};

std::pair<std::string, Datum> read_sequence(std::span<const std::byte> message, const ReadContext& context,
                                            int depth);
std::pair<std::string, Datum> read_optional(std::span<const std::byte> message, const ReadContext& context,
                                            int depth);

Datum read_map(std::span<const std::byte> message, const ReadContext& context, int depth) {
  std::vector<std::int64_t> numbers;
  std::vector<std::string> strings;
  auto map = std::make_shared<MapDatum>();
  std::int64_t key_type = 0;
  WireReader reader(message);
  for (WireField f; reader.next(f);) {
    switch (key_of(f)) {
      case varint_key(2):
        key_type = static_cast<std::int64_t>(f.value);
        break;
      case varint_key(3):
      case bytes_key(3):
        append_varints(f, numbers);
        break;
      case bytes_key(4):
        strings.emplace_back(f.text());
        break;
      case bytes_key(5):
        map->values = read_sequence(f.bytes, context, depth + 1).second.sequence();
        break;
      default:
        break;
    }
  }
  const bool text_keys = key_type == static_cast<std::int64_t>(DataType::String);
  const std::size_t count = text_keys ? strings.size() : numbers.size();
  if (count != map->values.size())
    throw Error("a map has " + std::to_string(count) + " keys and " + std::to_string(map->values.size()) +
                " values");
  const Dims dims{static_cast<std::int64_t>(count)};
  map->keys = text_keys ? Tensor::of_strings(dims, std::move(strings)) : Tensor::of(dims, numbers);
  Datum datum;
  datum.value = std::shared_ptr<const MapDatum>(std::move(map));
  return datum;
}

Datum read_sparse(std::span<const std::byte> message, const ReadContext& context) {
  Datum datum;
  datum.value = std::make_shared<const SparseTensor>(read_sparse_tensor(message, context).tensor);
  return datum;
}

Datum read_element(std::uint32_t kind, std::span<const std::byte> message, const ReadContext& context,
                   int depth) {
  switch (kind) {
    case TensorKind:
      return Datum(read_tensor(message, context).tensor.aligned());
    case SparseKind:
      return read_sparse(message, context);
    case SequenceKind:
      return read_sequence(message, context, depth + 1).second;
    case MapKind:
      return read_map(message, context, depth + 1);
    default:
      return read_optional(message, context, depth + 1).second;
  }
}

/// The fields that SequenceProto and OptionalProto share: calls `take` for every element.
template <class F>
std::string read_elements(std::span<const std::byte> message, const ReadContext& context, int depth,
                          F&& take) {
  if (depth > max_depth)
    throw Error("sequences are nested deeper than " + std::to_string(max_depth) + " levels");
  std::string name;
  WireReader reader(message);
  for (WireField f; reader.next(f);) {
    if (f.is(1, WireType::Bytes)) name = f.text();
    if (f.type == WireType::Bytes && f.number >= 3 && f.number <= 7)
      take(read_element(f.number - 2, f.bytes, context, depth));
  }
  return name;
}

std::pair<std::string, Datum> read_sequence(std::span<const std::byte> message, const ReadContext& context,
                                            int depth) {
  Sequence elements;
  std::string name =
      read_elements(message, context, depth, [&](Datum d) { elements.push_back(std::move(d)); });
  return {std::move(name), Datum::sequence(std::move(elements))};
}

std::pair<std::string, Datum> read_optional(std::span<const std::byte> message, const ReadContext& context,
                                            int depth) {
  Datum element;
  std::string name = read_elements(message, context, depth, [&](Datum d) { element = std::move(d); });
  return {std::move(name), std::move(element)};
}

/// TensorProto has its sizes as numbers in field 1 and its data in 4 to 11; the others have a name there.
bool looks_like_tensor(std::span<const std::byte> message) {
  WireReader reader(message);
  bool type_only = true;
  for (WireField f; reader.next(f);) {
    if (f.is(1, WireType::Varint) || f.number == 4 || (f.number >= 8 && f.number <= 11)) return true;
    type_only = type_only && f.number == 2;
  }
  return type_only;
}

}  // namespace

std::pair<std::string, Datum> read_datum_proto(std::span<const std::byte> message, const ReadContext& context,
                                               const Type& type) {
  const bool tensor = type.is_tensor() || looks_like_tensor(message);
  if (type.kind == Type::Kind::Sequence) return read_sequence(message, context, 0);
  if (type.kind == Type::Kind::Optional && !(tensor && !message.empty()))
    return read_optional(message, context, 0);
  if (type.kind == Type::Kind::Map) return {"", read_map(message, context, 0)};
  if (type.kind == Type::Kind::SparseTensor) return {"", read_sparse(message, context)};
  if (!tensor) return read_sequence(message, context, 0);
  NamedTensor named = read_tensor(message, context);
  return {std::move(named.name), Datum(named.tensor.aligned())};
}

namespace {

std::uint32_t kind_of(const Datum& datum) {
  switch (datum.value.index()) {
    case 0:
      return OptionalKind;
    case 1:
      return TensorKind;
    case 2:
      return SequenceKind;
    case 3:
      return MapKind;
    default:
      return SparseKind;
  }
}

WireWriter write_sequence(const std::string& name, const Sequence& elements) {
  WireWriter message;
  if (!name.empty()) message.text(1, name);
  const std::uint32_t kind = elements.empty() ? std::uint32_t{TensorKind} : kind_of(elements.front());
  message.varint(2, kind);
  for (const Datum& element : elements) {
    if (kind_of(element) != kind) throw Error("a sequence has elements of different kinds");
    message.message(kind + 2, write_datum_proto("", element));
  }
  return message;
}

WireWriter write_map(const std::string& name, const MapDatum& map) {
  WireWriter message;
  if (!name.empty()) message.text(1, name);
  message.varint(2, static_cast<std::uint64_t>(map.keys.type()));
  if (map.keys.is_string())
    for (const std::string& key : map.keys.strings()) message.text(4, key);
  else
    for (const std::int64_t key : values_as<std::int64_t>(map.keys)) message.number(3, key);
  message.message(5, write_sequence("", map.values));
  return message;
}

}  // namespace

WireWriter write_datum_proto(const std::string& name, const Datum& datum) {
  if (const auto* tensor = std::get_if<Tensor>(&datum.value)) {
    NamedTensor named;
    named.name = name;
    named.tensor = *tensor;
    return write_tensor(named);
  }
  if (datum.is_sequence()) return write_sequence(name, datum.sequence());
  if (const auto* map = std::get_if<std::shared_ptr<const MapDatum>>(&datum.value))
    return write_map(name, **map);
  if (const auto* sparse = std::get_if<std::shared_ptr<const SparseTensor>>(&datum.value)) {
    NamedSparseTensor named;
    named.name = name;
    named.tensor = **sparse;
    return write_sparse_tensor(named);
  }
  WireWriter nothing;
  if (!name.empty()) nothing.text(1, name);
  nothing.varint(2, Nothing);
  return nothing;
}

}  // namespace lapidary
