#include "engine/io/tensor_proto.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

#include "engine/io/fields.h"
#include "engine/io/type_proto.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

/// Smaller tensors are copied to where their elements are aligned, so that only large weights need care.
constexpr std::size_t largest_copy = 64 << 10;
constexpr std::int64_t external_location = 1;

/// Which field of TensorProto holds elements of a type that are not in raw_data.
enum TypedField : std::uint32_t {
  FloatData = 4,
  Int32Data = 5,
  StringData = 6,
  Int64Data = 7,
  DoubleData = 10,
  UInt64Data = 11
};

std::uint32_t typed_field_of(DataType type) {
  switch (type) {
    case DataType::Float32:
    case DataType::Complex64:
      return FloatData;
    case DataType::Float64:
    case DataType::Complex128:
      return DoubleData;
    case DataType::Int64:
      return Int64Data;
    case DataType::UInt32:
    case DataType::UInt64:
      return UInt64Data;
    case DataType::String:
      return StringData;
    default:
      return Int32Data;
  }
}

/// A TensorProto taken apart, its elements not yet looked at.
struct TensorParts {
  NamedTensor named;
  Dims dims;
  std::int64_t type_number = 0;
  std::int64_t location = 0;
  std::optional<std::span<const std::byte>> raw;
  std::vector<WireField> typed;
};

void take_field(const WireField& f, TensorParts& parts) {
  NamedTensor& named = parts.named;
  switch (key_of(f)) {
    case varint_key(1):
    case bytes_key(1):
      append_varints(f, parts.dims);
      return;
    case varint_key(2):
      parts.type_number = static_cast<std::int32_t>(f.value);
      return;
    case bytes_key(8):
      read_text(f, named.name, named.stated);
      return;
    case bytes_key(9):
      parts.raw = f.bytes;
      return;
    case bytes_key(12):
      read_text(f, named.doc_string, named.stated);
      return;
    case bytes_key(13):
      read_entry(f, named.external_data);
      return;
    case varint_key(14):
      read_number(f, parts.location, named.stated);
      return;
    case bytes_key(16):
      read_entry(f, named.metadata);
      return;
    default:
      break;
  }
  const bool is_data = (f.number >= 4 && f.number <= 7) || f.number == 10 || f.number == 11;
  if (is_data && f.type != WireType::GroupBegin)
    parts.typed.push_back(f);
  else
    keep(f, named.unknown_fields);
}

/// C++ knows no bool but 0 and 1; files may hold others, which all mean true.
Tensor with_valid_bools(const Tensor& tensor) {
  const auto bytes = tensor.bytes();
  const auto valid = [](std::byte b) { return b <= std::byte{1}; };
  if (tensor.type() != DataType::Bool || std::all_of(bytes.begin(), bytes.end(), valid)) return tensor;
  Tensor result(DataType::Bool, tensor.dims());
  std::transform(bytes.begin(), bytes.end(), result.mutable_bytes(),
                 [](std::byte b) { return b == std::byte{0} ? b : std::byte{1}; });
  return result;
}

/// The elements as bytes that `owner` keeps: shown where they lie if that is cheap and right, else copied.
Tensor show(DataType type, const Dims& dims, const FileBytes& data) {
  const Tensor shown(type, dims, data.bytes, data.owner);
  if (shown.size_bytes() != data.bytes.size())
    throw Error("holds " + std::to_string(data.bytes.size()) + " bytes, where its sizes (" + to_string(dims) +
                ") need " + std::to_string(shown.size_bytes()));
  return shown.size_bytes() < largest_copy ? shown.aligned() : shown;
}

[[noreturn]] void fail_count(std::size_t count, const Tensor& wanted) {
  throw Error("holds " + std::to_string(count) + " numbers, where its sizes (" + to_string(wanted.dims()) +
              ") need " + std::to_string(wanted.size()));
}

/// Elements of 8 to 64 bits from varints; packed types hold one byte a number.
Tensor from_varints(DataType type, const Dims& dims, std::span<const WireField> fields) {
  std::vector<std::int64_t> numbers;
  for (const WireField& f : fields) append_varints(f, numbers);
  const std::int64_t element_bytes = is_sub_byte(type) ? 1 : bits_of(type) / 8;
  Tensor shown(type, dims, std::as_bytes(std::span(numbers)),
               nullptr);  // refuses sizes that promise more before memory is asked for
  if (numbers.size() != shown.size_bytes() / static_cast<std::size_t>(element_bytes))
    fail_count(numbers.size(), shown);
  Tensor tensor(type, dims);
  std::byte* to = tensor.mutable_bytes();
  for (const std::int64_t number : numbers) {
    std::memcpy(to, &number,
                static_cast<std::size_t>(element_bytes));  // little-endian: the low bytes come first
    to += element_bytes;
  }
  return tensor;
}

/// Floating elements: the bytes of a packed list are those of the tensor.
Tensor from_fixed(DataType type, const Dims& dims, std::span<const WireField> fields,
                  const ReadContext& context) {
  if (fields.size() == 1 && fields[0].type == WireType::Bytes)
    return show(type, dims, {fields[0].bytes, context.owner});
  std::string bytes;
  for (const WireField& f : fields) {
    if (f.type == WireType::Bytes)
      bytes.append(f.text());
    else
      bytes.append(reinterpret_cast<const char*>(&f.value), f.type == WireType::Fixed32 ? 4 : 8);
  }
  const FileBytes owned = own_bytes(std::move(bytes));
  return show(type, dims, owned).aligned();
}

Tensor from_strings(const Dims& dims, std::span<const WireField> fields) {
  std::int64_t count = 1;
  for (const std::int64_t d : dims)
    if (d < 0 || __builtin_mul_overflow(count, d, &count))
      throw Error("has sizes that cannot be: " + to_string(dims));
  if (static_cast<std::size_t>(count) != fields.size())
    throw Error("holds " + std::to_string(fields.size()) + " strings, where its sizes (" + to_string(dims) +
                ") need " + std::to_string(count));
  std::vector<std::string> strings;
  for (const WireField& f : fields) strings.emplace_back(f.text());
  return Tensor::of_strings(dims, std::move(strings));
}

Tensor from_typed_field(DataType type, const TensorParts& parts, const ReadContext& context) {
  const std::uint32_t field = typed_field_of(type);
  for (const WireField& f : parts.typed)
    if (f.number != field)
      throw Error("is " + std::string(name_of(type)) + ", and its elements are in a field for another type");
  if (field == StringData) return from_strings(parts.dims, parts.typed);
  return field == FloatData || field == DoubleData ? from_fixed(type, parts.dims, parts.typed, context)
                                                   : from_varints(type, parts.dims, parts.typed);
}

Tensor elements_of(TensorParts& parts, const ReadContext& context) {
  const DataType type = data_type_of_number(parts.type_number);
  if (type == DataType::Undefined) {
    if (parts.type_number == 0 && !parts.raw && parts.typed.empty()) return {};
    throw Error("has the element type " + std::to_string(parts.type_number) +
                ", which ONNX does not know (to IR 13)");
  }
  if (parts.location == external_location) {
    if (!context.external) throw Error("has external data, which cannot be followed from here");
    if (type == DataType::String) throw Error("holds strings in external data, which ONNX does not allow");
    FileBytes found = context.external->find(parts.named.external_data);
    const bool whole_file = !find_entry(parts.named.external_data, "length");
    const Tensor shown(type, parts.dims, found.bytes, found.owner);
    if (whole_file) found.bytes = found.bytes.first(shown.size_bytes());
    return show(type, parts.dims, found);
  }
  if (parts.raw && type != DataType::String) {
    if (!parts.typed.empty()) throw Error("holds its elements twice");
    return show(type, parts.dims, {*parts.raw, context.owner});
  }
  if (parts.raw) throw Error("holds strings as raw data, which ONNX does not allow");
  parts.named.in_typed_field = true;
  return from_typed_field(type, parts, context);
}

}  // namespace

void StructureBudget::spend(std::size_t bytes) {
  if (bytes > left_)
    throw Error("the file holds so many nodes and names in so few bytes that it must be damaged")
        .advice("Opening it would take far more memory than the file is long");
  left_ -= bytes;
}

NamedTensor read_tensor(std::span<const std::byte> message, const ReadContext& context) {
  TensorParts parts;
  try {
    WireReader reader(message);
    for (WireField f; reader.next(f);) take_field(f, parts);
    parts.named.tensor = with_valid_bools(elements_of(parts, context));
  } catch (Error& error) {
    throw error.tensor(parts.named.name);
  }
  return std::move(parts.named);
}

namespace {

NamedSparseTensor read_sparse_members(std::span<const std::byte> message, const ReadContext& context) {
  NamedSparseTensor sparse;
  WireReader reader(message);
  for (WireField f; reader.next(f);) {
    switch (key_of(f)) {
      case bytes_key(1): {
        NamedTensor values = read_tensor(f.bytes, {context.owner});
        sparse.name = std::move(values.name);
        sparse.tensor.values = std::move(values.tensor);
        break;
      }
      case bytes_key(2):
        sparse.tensor.indices = read_tensor(f.bytes, {context.owner}).tensor;
        break;
      case varint_key(3):
      case bytes_key(3):
        append_varints(f, sparse.tensor.dims);
        break;
      default:
        keep(f, sparse.unknown_fields);
    }
  }
  return sparse;
}

std::vector<std::int64_t> widened(const Tensor& tensor) {
  const auto bytes = tensor.bytes();
  const std::size_t element_bytes =
      is_sub_byte(tensor.type()) ? 1 : static_cast<std::size_t>(bits_of(tensor.type())) / 8;
  const bool sign = is_integer(tensor.type()) && is_signed(tensor.type()) && !is_sub_byte(tensor.type());
  std::vector<std::int64_t> numbers;
  for (std::size_t at = 0; at < bytes.size(); at += element_bytes) {
    std::uint64_t number = 0;
    std::memcpy(&number, bytes.data() + at, element_bytes);
    const auto unused_bits = static_cast<int>(64 - 8 * element_bytes);
    numbers.push_back(sign ? static_cast<std::int64_t>(number << unused_bits) >> unused_bits
                           : static_cast<std::int64_t>(number));
  }
  return numbers;
}

void write_typed_field(WireWriter& message, const Tensor& tensor) {
  const std::uint32_t field = typed_field_of(tensor.type());
  if (tensor.size() == 0) return;
  if (field == StringData) {
    for (const std::string& s : tensor.strings()) message.text(field, s);
  } else if (field == FloatData || field == DoubleData) {
    message.bytes(field, tensor.bytes());
  } else {
    message.text(field, WireWriter::packed_varints(widened(tensor)));
  }
}

}  // namespace

WireWriter write_tensor(const NamedTensor& named, const Placement& placement) {
  const Tensor& tensor = named.tensor;
  const bool outside = !placement.external.empty();
  const bool typed = !outside && !placement.elided && (named.in_typed_field || tensor.is_string());
  const std::uint32_t field = typed && tensor.is_present() ? typed_field_of(tensor.type()) : 0u;
  WireWriter message;
  for (const std::int64_t d : tensor.dims()) message.number(1, d);
  if (tensor.is_present()) message.number(2, static_cast<std::int64_t>(tensor.type()));
  if (field != 0 && field < 8) write_typed_field(message, tensor);
  write_text(message, 8, named.name, named.stated);
  if (!typed && !outside && tensor.is_present())
    message.bytes(9, placement.elided ? tensor.bytes().first(1) : tensor.bytes());
  if (field > 8) write_typed_field(message, tensor);
  write_text(message, 12, named.doc_string, named.stated);
  write_entries(message, 13, placement.external);
  if (outside)
    message.number(14, external_location);
  else
    write_number(message, 14, 0, named.stated);
  write_entries(message, 16, named.metadata);
  message.raw(named.unknown_fields);
  return message;
}

namespace {

WireWriter write_sparse_members(const NamedSparseTensor& sparse) {
  NamedTensor values, indices;
  values.name = sparse.name;
  values.tensor = sparse.tensor.values;
  indices.tensor = sparse.tensor.indices;
  WireWriter message;
  message.message(1, write_tensor(values));
  message.message(2, write_tensor(indices));
  for (const std::int64_t d : sparse.tensor.dims) message.number(3, d);
  message.raw(sparse.unknown_fields);
  return message;
}

}  // namespace

NamedSparseTensor read_sparse_tensor(std::span<const std::byte> message, const ReadContext& context) {
  NamedSparseTensor sparse = read_sparse_members(message, context);
  const std::string_view source(reinterpret_cast<const char*>(message.data()), message.size());
  if (write_sparse_members(sparse).to_string() != source) sparse.wire_bytes = source;
  return sparse;
}

WireWriter write_sparse_tensor(const NamedSparseTensor& sparse) {
  WireWriter written = write_sparse_members(sparse);
  if (sparse.wire_bytes.empty()) return written;
  WireWriter original;
  original.raw(sparse.wire_bytes);
  const NamedSparseTensor source = read_sparse_members(std::as_bytes(std::span(sparse.wire_bytes)), {});
  return write_sparse_members(source).to_string() == written.to_string() ? original : written;
}

}  // namespace lapidary
