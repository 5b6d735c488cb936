#include "engine/io/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "engine/model/error.h"

namespace lapidary {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t largest_header_bytes = 100'000'000;
constexpr std::size_t prefix_bytes = 8;

struct NamedType {
  std::string_view name;
  DataType type;
  int bits;
};

constexpr auto types = std::to_array<NamedType>({
    {"BOOL", DataType::Bool, 8},
    {"F4", DataType::Float4E2M1, 4},
    {"F6_E2M3", DataType::Undefined, 6},
    {"F6_E3M2", DataType::Undefined, 6},
    {"U8", DataType::UInt8, 8},
    {"I8", DataType::Int8, 8},
    {"F8_E5M2", DataType::Float8E5M2, 8},
    {"F8_E4M3", DataType::Float8E4M3FN, 8},
    {"F8_E8M0", DataType::Float8E8M0, 8},
    {"F8_E4M3FNUZ", DataType::Float8E4M3FNUZ, 8},
    {"F8_E5M2FNUZ", DataType::Float8E5M2FNUZ, 8},
    {"I16", DataType::Int16, 16},
    {"U16", DataType::UInt16, 16},
    {"F16", DataType::Float16, 16},
    {"BF16", DataType::BFloat16, 16},
    {"I32", DataType::Int32, 32},
    {"U32", DataType::UInt32, 32},
    {"F32", DataType::Float32, 32},
    {"C64", DataType::Complex64, 64},
    {"F64", DataType::Float64, 64},
    {"I64", DataType::Int64, 64},
    {"U64", DataType::UInt64, 64},
});

[[noreturn]] void fail(const std::string& what) { throw Error("the safetensors data is damaged: " + what); }

/// The header as JSON; nlohmann's reader would take the last of equal keys in silence.
Json parse_header(std::string_view text) {
  std::set<std::string> names;
  const auto check_key = [&](int depth, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::key && depth == 1 && !names.insert(value.get<std::string>()).second)
      fail("the name '" + value.get<std::string>() + "' stands twice");
    if (depth > 8) fail("its header is nested too deep");
    return true;
  };
  if (!text.starts_with('{')) fail("its header does not begin with '{'");
  Json header = Json::parse(text.begin(), text.end(), check_key, false);
  if (!header.is_object()) fail("its header is no JSON object");
  return header;
}

struct Entry {
  std::string name;
  const NamedType* type;
  Dims shape;
  std::uint64_t begin, end;
};

std::uint64_t natural(const Json& value) {
  if (!value.is_number_unsigned()) fail("a number is negative or none");
  return value.get<std::uint64_t>();
}

Entry read_entry(const std::string& name, const Json& value) {
  if (!value.is_object() || !value.contains("dtype") || !value.contains("shape") ||
      !value.contains("data_offsets"))
    fail("an entry lacks dtype, shape or data_offsets");
  const Json &dtype = value["dtype"], &shape = value["shape"], &offsets = value["data_offsets"];
  if (!dtype.is_string() || !shape.is_array() || !offsets.is_array() || offsets.size() != 2)
    fail("an entry has a dtype, shape or data_offsets of a wrong form");
  const auto named = std::find_if(types.begin(), types.end(),
                                  [&](const NamedType& t) { return t.name == dtype.get<std::string>(); });
  if (named == types.end())
    throw Error("has the type '" + dtype.get<std::string>() + "', which is not known");
  Entry entry{name, &*named, {}, natural(offsets[0]), natural(offsets[1])};
  std::uint64_t bits = static_cast<std::uint64_t>(named->bits);
  for (const Json& size : shape) {
    const std::uint64_t d = natural(size);
    if (d > (std::uint64_t{1} << 62) || __builtin_mul_overflow(bits, d, &bits)) fail("a shape is too large");
    entry.shape.push_back(static_cast<std::int64_t>(d));
  }
  if (bits % 8 != 0 || entry.begin > entry.end || bits / 8 != entry.end - entry.begin)
    fail("the offsets do not fit the shape");
  return entry;
}

std::vector<Entry> read_entries(const Json& header, std::uint64_t data_bytes) {
  std::vector<Entry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name == "__metadata__") continue;
    try {
      entries.push_back(read_entry(name, value));
    } catch (Error& error) {
      throw error.tensor(name);
    }
  }
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t at = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != at) fail("tensors overlap or leave a hole, at '" + entry.name + "'");
    at = entry.end;
  }
  if (at != data_bytes)
    fail("its tensors take " + std::to_string(at) + " bytes, and " + std::to_string(data_bytes) +
         " are there");
  return entries;
}

Tensor show(const Entry& entry, const FileBytes& data, DataType wanted) {
  const auto bytes = data.bytes.subspan(entry.begin, entry.end - entry.begin);
  if (entry.type->type == DataType::Undefined)
    return Tensor(DataType::UInt8, {static_cast<std::int64_t>(bytes.size())}, bytes, data.owner);
  const Tensor tensor = Tensor(entry.type->type, entry.shape, bytes, data.owner).aligned();
  if (tensor.type() == DataType::Bool &&
      std::any_of(bytes.begin(), bytes.end(), [](std::byte b) { return b > std::byte{1}; }))
    throw Error("has a bool that is neither true nor false");
  const bool packs = is_integer(wanted) && is_sub_byte(wanted) &&
                     (tensor.type() == DataType::Int8 || tensor.type() == DataType::UInt8);
  return packs ? packed(tensor, wanted) : tensor;
}

}  // namespace

NamedData read_safetensors(const FileBytes& file, const std::vector<WantedData>& wanted) {
  std::uint64_t header_bytes = 0;
  if (file.bytes.size() < prefix_bytes) fail("it is shorter than its header");
  std::memcpy(&header_bytes, file.bytes.data(), prefix_bytes);
  if (header_bytes > largest_header_bytes || header_bytes > file.bytes.size() - prefix_bytes)
    fail("its header says that it is " + std::to_string(header_bytes) + " bytes long");
  const Json header = parse_header(file.text().substr(prefix_bytes, header_bytes));
  const FileBytes data{file.bytes.subspan(prefix_bytes + header_bytes), file.owner};
  NamedData result;
  for (const Entry& entry : read_entries(header, data.bytes.size())) {
    const auto found =
        std::find_if(wanted.begin(), wanted.end(), [&](const WantedData& w) { return w.name == entry.name; });
    try {
      result.emplace_back(
          entry.name, show(entry, data, found == wanted.end() ? DataType::Undefined : found->type.element));
    } catch (Error& error) {
      throw error.tensor(entry.name);
    }
  }
  return result;
}

SafetensorsParts write_safetensors(const NamedData& data) {
  std::vector<std::pair<std::string, Tensor>> sorted;
  for (const auto& [name, datum] : data) {
    const Tensor& tensor = datum.tensor();
    const bool integers = is_sub_byte(tensor.type()) && is_integer(tensor.type());
    sorted.emplace_back(name, integers ? unpacked(tensor) : tensor);
  }
  // Wide elements first, so that all stay aligned without gaps.
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return bits_of(a.second.type()) > bits_of(b.second.type());
  });
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  SafetensorsParts parts;
  std::uint64_t at = 0;
  for (const auto& [name, tensor] : sorted) {
    const auto named = std::find_if(types.begin(), types.end(),
                                    [&, type = tensor.type()](const NamedType& t) { return t.type == type; });
    if (named == types.end() || named->type == DataType::Undefined)
      throw Error("safetensors cannot hold " + std::string(name_of(tensor.type()))).tensor(name);
    if (header.contains(name)) throw Error("two tensors have this name").tensor(name);
    header[name] = {
        {"dtype", named->name}, {"shape", tensor.dims()}, {"data_offsets", {at, at + tensor.size_bytes()}}};
    at += tensor.size_bytes();
    parts.tensors.push_back(tensor);
  }
  std::string text = header.dump();
  text.resize((text.size() + prefix_bytes - 1) / prefix_bytes * prefix_bytes, ' ');
  const std::uint64_t length = text.size();
  parts.header.assign(reinterpret_cast<const char*>(&length), prefix_bytes);
  parts.header += text;
  return parts;
}

}  // namespace lapidary
