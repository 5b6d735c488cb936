#include "engine/model/data_type.h"

#include <array>

namespace lapidary {
namespace {

struct Row {
  std::string_view name, onnx_name, constraint_name;
  int bits;
  bool floating, integer, is_signed;
};

constexpr std::array<Row, data_type_count> rows = {{
    {"undefined", "UNDEFINED", "undefined", 0, false, false, false},
    {"float32", "FLOAT", "float", 32, true, false, true},
    {"uint8", "UINT8", "uint8", 8, false, true, false},
    {"int8", "INT8", "int8", 8, false, true, true},
    {"uint16", "UINT16", "uint16", 16, false, true, false},
    {"int16", "INT16", "int16", 16, false, true, true},
    {"int32", "INT32", "int32", 32, false, true, true},
    {"int64", "INT64", "int64", 64, false, true, true},
    {"string", "STRING", "string", 0, false, false, false},
    {"bool", "BOOL", "bool", 8, false, false, false},
    {"float16", "FLOAT16", "float16", 16, true, false, true},
    {"float64", "DOUBLE", "double", 64, true, false, true},
    {"uint32", "UINT32", "uint32", 32, false, true, false},
    {"uint64", "UINT64", "uint64", 64, false, true, false},
    {"complex64", "COMPLEX64", "complex64", 64, false, false, true},
    {"complex128", "COMPLEX128", "complex128", 128, false, false, true},
    {"bfloat16", "BFLOAT16", "bfloat16", 16, true, false, true},
    {"float8e4m3fn", "FLOAT8E4M3FN", "float8e4m3fn", 8, true, false, true},
    {"float8e4m3fnuz", "FLOAT8E4M3FNUZ", "float8e4m3fnuz", 8, true, false, true},
    {"float8e5m2", "FLOAT8E5M2", "float8e5m2", 8, true, false, true},
    {"float8e5m2fnuz", "FLOAT8E5M2FNUZ", "float8e5m2fnuz", 8, true, false, true},
    {"uint4", "UINT4", "uint4", 4, false, true, false},
    {"int4", "INT4", "int4", 4, false, true, true},
    {"float4e2m1", "FLOAT4E2M1", "float4e2m1", 4, true, false, true},
    {"float8e8m0", "FLOAT8E8M0", "float8e8m0", 8, true, false, false},
    {"uint2", "UINT2", "uint2", 2, false, true, false},
    {"int2", "INT2", "int2", 2, false, true, true},
}};

/// A number that is no element type, as a model may name one, is like Undefined.
const Row& row_of(DataType type) {
  const auto number = static_cast<std::size_t>(type);
  return rows[number < rows.size() ? number : 0];
}

}  // namespace

std::string_view name_of(DataType type) { return row_of(type).name; }
std::string_view onnx_name_of(DataType type) { return row_of(type).onnx_name; }
std::string_view constraint_name_of(DataType type) { return row_of(type).constraint_name; }

std::optional<DataType> data_type_from(std::string_view name) {
  for (std::size_t i = 1; i < rows.size(); ++i)
    if (rows[i].name == name || rows[i].onnx_name == name || rows[i].constraint_name == name)
      return static_cast<DataType>(i);
  return std::nullopt;
}

int bits_of(DataType type) { return row_of(type).bits; }
std::int64_t bytes_for(DataType type, std::int64_t count) {
  const std::int64_t bits = bits_of(type);
  return bits >= 8 ? count * (bits / 8) : (count * bits + 7) / 8;
}
bool is_floating(DataType type) { return row_of(type).floating; }
bool is_integer(DataType type) { return row_of(type).integer; }
bool is_signed(DataType type) { return row_of(type).is_signed; }
bool is_sub_byte(DataType type) { return bits_of(type) > 0 && bits_of(type) < 8; }

}  // namespace lapidary
