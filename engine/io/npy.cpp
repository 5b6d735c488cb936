#include "engine/io/npy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "engine/io/npy_header.h"
#include "engine/io/utf.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

struct PlainType {
  std::string_view description;  ///< without byte order
  DataType type;
};

constexpr std::array<PlainType, 14> plain_types = {{{"b1", DataType::Bool},
                                                    {"i1", DataType::Int8},
                                                    {"i2", DataType::Int16},
                                                    {"i4", DataType::Int32},
                                                    {"i8", DataType::Int64},
                                                    {"u1", DataType::UInt8},
                                                    {"u2", DataType::UInt16},
                                                    {"u4", DataType::UInt32},
                                                    {"u8", DataType::UInt64},
                                                    {"f2", DataType::Float16},
                                                    {"f4", DataType::Float32},
                                                    {"f8", DataType::Float64},
                                                    {"c8", DataType::Complex64},
                                                    {"c16", DataType::Complex128}}};

/// What the elements are and how they lie.
struct Layout {
  DataType type = DataType::Undefined;
  std::size_t element_bytes = 0;  ///< in the file
  std::size_t swapped_bytes = 1;  ///< groups of this size stand in reverse order
  char text_kind = 0;             ///< 'U' or 'S' for strings
  bool widened = false;           ///< a packed type with one element a byte
};

std::size_t number_behind(std::string_view code) {
  std::size_t number = 0;
  std::from_chars(code.data() + 1, code.data() + code.size(), number);
  return number;
}

Layout layout_of(const std::string& description, DataType wanted) {
  const bool has_order =
      !description.empty() && std::string_view("<>|=").find(description[0]) != std::string_view::npos;
  const std::string_view code = std::string_view(description).substr(has_order ? 1 : 0);
  const bool swapped = description.starts_with('>');
  if (code.starts_with('O'))
    throw Error("the npy data holds Python objects, which are never loaded")
        .advice("Save it as numbers or as text");
  if (is_sub_byte(wanted) && (code == "i1" || code == "u1")) return {wanted, 1, 1, 0, true};
  for (const auto& [name, type] : plain_types) {
    if (code != name) continue;
    const auto bytes = static_cast<std::size_t>(bits_of(type)) / 8;
    const bool complex = type == DataType::Complex64 || type == DataType::Complex128;
    return {type, bytes, swapped ? (complex ? bytes / 2 : bytes) : 1, 0, false};
  }
  if (code.starts_with('U') || code.starts_with('S')) {
    const std::size_t count = number_behind(code);
    if (count > (1u << 24))
      throw Error("the npy data has strings of " + std::to_string(count) + " characters");
    const bool wide = code[0] == 'U';
    return {DataType::String, wide ? 4 * count : count, wide && swapped ? 4u : 1u, code[0], false};
  }
  if (code.starts_with('V') && wanted != DataType::Undefined && wanted != DataType::String) {
    const std::size_t bytes = number_behind(code);
    if (is_sub_byte(wanted) && bytes == 1) return {wanted, 1, 1, 0, true};
    if (!is_sub_byte(wanted) && bytes == static_cast<std::size_t>(bits_of(wanted)) / 8)
      return {wanted, bytes, swapped ? bytes : 1, 0, false};
  }
  if (code.starts_with('V') && wanted == DataType::Undefined)
    throw Error("the npy data has the type '" + description + "', which does not say what it holds")
        .advice("It can be read for a model's input, whose type says it");
  throw Error("the npy data has the type '" + description + "', which is not supported");
}

std::size_t checked_size(const NpyHeader& header, std::size_t element_bytes) {
  std::size_t bytes = element_bytes;
  bool zero = false;
  for (const std::int64_t d : header.shape) {
    zero = zero || d == 0;
    if (d != 0 && __builtin_mul_overflow(bytes, static_cast<std::size_t>(d), &bytes))
      throw Error("the npy data has sizes that are too large: " + to_string(header.shape));
  }
  return zero ? 0 : bytes;
}

/// The elements in row-major order, each with its low byte first.
std::string rearranged(std::span<const std::byte> data, const NpyHeader& header, const Layout& layout) {
  std::string result(reinterpret_cast<const char*>(data.data()), data.size());
  const std::size_t width = layout.element_bytes;
  if (header.fortran_order && header.shape.size() > 1 && !data.empty()) {
    const Dims& dims = header.shape;
    Dims index(dims.size(), 0);
    for (std::size_t to = 0; to < result.size(); to += width) {
      std::size_t from = 0;
      for (std::size_t axis = dims.size(); axis-- > 0;)
        from = from * static_cast<std::size_t>(dims[axis]) + static_cast<std::size_t>(index[axis]);
      std::memcpy(result.data() + to, data.data() + from * width, width);
      for (std::size_t axis = dims.size(); axis-- > 0 && ++index[axis] == dims[axis];) index[axis] = 0;
    }
  }
  if (layout.swapped_bytes > 1)
    for (auto at = result.begin(); at != result.end();
         at += static_cast<std::ptrdiff_t>(layout.swapped_bytes))
      std::reverse(at, at + static_cast<std::ptrdiff_t>(layout.swapped_bytes));
  return result;
}

std::vector<std::string> strings_of(std::span<const std::byte> data, const Layout& layout,
                                    std::size_t count) {
  std::vector<std::string> strings(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto element = data.subspan(i * layout.element_bytes, layout.element_bytes);
    if (layout.text_kind == 'U')
      strings[i] = utf8_from_utf32(element);
    else
      strings[i].assign(reinterpret_cast<const char*>(element.data()), element.size());
    strings[i].erase(
        std::find_if(strings[i].rbegin(), strings[i].rend(), [](char c) { return c != '\0'; }).base(),
        strings[i].end());
  }
  return strings;
}

/// Codes of a packed type, one a byte, brought together; and the other way round.
Tensor packed_codes(const Tensor& codes, DataType type) {
  const Tensor joined = packed(codes, bits_of(type) == 4 ? DataType::UInt4 : DataType::UInt2);
  return Tensor(type, codes.dims(), joined.bytes(), joined.owner());
}

Tensor unpacked_codes(const Tensor& tensor) {
  if (is_integer(tensor.type())) return unpacked(tensor);
  return unpacked(Tensor(DataType::UInt4, tensor.dims(), tensor.bytes(), tensor.owner()));
}

/// Splits off the header; `file` keeps what follows it.
NpyHeader take_header(std::span<const std::byte>& file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (!text.starts_with("\x93NUMPY") || text.size() < 10) throw Error("this is not npy data");
  const int version = text[6];
  if (version < 1 || version > 3)
    throw Error("the npy data has version " + std::to_string(version) + ", and 1 to 3 are known");
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  if (text.size() < 8 + length_bytes) throw Error("the npy data is cut");
  std::uint32_t length = 0;
  std::memcpy(&length, text.data() + 8, length_bytes);
  if (length > text.size() - 8 - length_bytes) throw Error("the npy data is cut inside its header");
  const NpyHeader header = parse_npy_header(text.substr(8 + length_bytes, length));
  file = file.subspan(8 + length_bytes + length);
  return header;
}

}  // namespace

Tensor read_npy(const FileBytes& file, DataType wanted) {
  std::span<const std::byte> data = file.bytes;
  const NpyHeader header = take_header(data);
  const Layout layout = layout_of(header.description, wanted);
  const std::size_t needed = checked_size(header, layout.element_bytes);
  if (needed > data.size())
    throw Error("the npy data is cut: its shape (" + to_string(header.shape) + ") needs " +
                std::to_string(needed) + " bytes, and " + std::to_string(data.size()) + " are there");
  data = data.first(needed);
  const bool in_order = layout.swapped_bytes == 1 && (!header.fortran_order || header.shape.size() < 2);
  const FileBytes rows = in_order ? FileBytes{data, file.owner} : own_bytes(rearranged(data, header, layout));
  if (layout.type == DataType::String) {
    std::int64_t count = 1;
    for (const std::int64_t d : header.shape)
      if (__builtin_mul_overflow(count, d, &count) || count > (std::int64_t{1} << 32))
        throw Error("the npy data has sizes that are too large: " + to_string(header.shape));
    if (layout.element_bytes == 0 && count > (1 << 20))
      throw Error("the npy data has a million empty strings");
    return Tensor::of_strings(header.shape, strings_of(rows.bytes, layout, static_cast<std::size_t>(count)));
  }
  if (layout.widened)
    return packed_codes(Tensor(DataType::UInt8, header.shape, rows.bytes, rows.owner), layout.type);
  const Tensor shown(layout.type, header.shape, rows.bytes, rows.owner);
  if (layout.type == DataType::Bool) {
    const auto bytes = shown.bytes();
    if (std::any_of(bytes.begin(), bytes.end(), [](std::byte b) { return b > std::byte{1}; }))
      throw Error("the npy data has a bool that is neither true nor false");
  }
  return shown.aligned();
}

namespace {

/// Strings as UTF-32, all of the length of the longest.
Tensor wide_strings(const Tensor& tensor, std::size_t& length) {
  std::vector<std::u32string> wide;
  length = 1;
  for (const std::string& s : tensor.strings()) {
    wide.push_back(utf32_from_utf8(s));
    length = std::max(length, wide.back().size());
  }
  Tensor elements(DataType::UInt32,
                  {static_cast<std::int64_t>(wide.size()), static_cast<std::int64_t>(length)});
  auto* to = elements.mutable_data<std::uint32_t>();
  std::fill_n(to, elements.size(), 0u);
  for (std::size_t i = 0; i < wide.size(); ++i) std::copy(wide[i].begin(), wide[i].end(), to + i * length);
  return elements;
}

std::string description_of(const Tensor& tensor) {
  std::string description(bits_of(tensor.type()) <= 8 ? "|" : "<");
  for (const auto& [name, type] : plain_types)
    if (type == tensor.type()) return description += name;
  return description +=
         bits_of(tensor.type()) == 16 ? "V2" : "V1";  // as ml_dtypes writes bfloat16 and 8-bit floats
}

}  // namespace

NpyParts write_npy(const Tensor& tensor) {
  NpyParts parts;
  std::string description;
  if (tensor.is_string()) {
    std::size_t length = 1;
    parts.elements = wide_strings(tensor, length);
    description = "<U" + std::to_string(length);
  } else if (is_sub_byte(tensor.type())) {
    parts.elements = unpacked_codes(tensor);
    description = description_of(parts.elements);
  } else {
    parts.elements = tensor;
    description = description_of(tensor);
  }
  std::string shape;
  for (const std::int64_t d : tensor.dims()) shape += std::to_string(d) + (tensor.rank() == 1 ? "," : ", ");
  if (tensor.rank() > 1) shape.resize(shape.size() - 2);
  std::string header = "{'descr': '" + description + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  constexpr std::size_t prefix_bytes = 10, alignment = 64;
  header.resize((prefix_bytes + header.size() + 1 + alignment - 1) / alignment * alignment - prefix_bytes - 1,
                ' ');
  header += '\n';
  const auto length = static_cast<unsigned>(header.size());
  parts.header = std::string("\x93NUMPY\x01\0", 8) + static_cast<char>(length & 0xff) +
                 static_cast<char>(length >> 8) + header;
  return parts;
}

}  // namespace lapidary
