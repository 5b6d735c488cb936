#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lapidary {

/// Element types of ONNX, with the numbers of TensorProto.DataType (IR 13).
enum class DataType : std::uint8_t {
  Undefined = 0,
  Float32 = 1,
  UInt8 = 2,
  Int8 = 3,
  UInt16 = 4,
  Int16 = 5,
  Int32 = 6,
  Int64 = 7,
  String = 8,
  Bool = 9,
  Float16 = 10,
  Float64 = 11,
  UInt32 = 12,
  UInt64 = 13,
  Complex64 = 14,
  Complex128 = 15,
  BFloat16 = 16,
  Float8E4M3FN = 17,
  Float8E4M3FNUZ = 18,
  Float8E5M2 = 19,
  Float8E5M2FNUZ = 20,
  UInt4 = 21,
  Int4 = 22,
  Float4E2M1 = 23,
  Float8E8M0 = 24,
  UInt2 = 25,
  Int2 = 26,
};

inline constexpr int data_type_count = 27;

/// "float32", "int64", "bfloat16", …: the names that the command line and the studio show.
std::string_view name_of(DataType type);
/// "FLOAT", "INT64", …: TensorProto.DataType's own names.
std::string_view onnx_name_of(DataType type);
/// "tensor(float)" without the wrapping: "float", "int64", "bfloat16", … as operator type constraints say it.
std::string_view constraint_name_of(DataType type);
/// Reads any of the three forms above; nothing if it is none.
std::optional<DataType> data_type_from(std::string_view name);

/// Bits of one element; 4-bit and 2-bit types are stored packed, low bits first. 0 for strings and Undefined.
int bits_of(DataType type);
/// Bytes that `count` elements take when stored, packed types rounded up. 0 for strings.
std::int64_t bytes_for(DataType type, std::int64_t count);

bool is_floating(DataType type);  ///< float64 down to float4e2m1
bool is_integer(DataType type);   ///< signed and unsigned, 64 to 2 bits; not bool
bool is_signed(DataType type);    ///< signed integers and floating types
bool is_sub_byte(DataType type);  ///< stored packed, several elements a byte

}  // namespace lapidary
