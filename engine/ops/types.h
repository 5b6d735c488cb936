#pragma once

#include <string>
#include <vector>

/// Sets of types for operator records, in ONNX's notation. Named after what is in them; each returns a fresh
/// list.
namespace lapidary::types {

using List = std::vector<std::string>;

/// "tensor(float)" for each of the given data types' constraint names.
List tensors(const std::vector<std::string>& elements);
/// Lists joined.
List operator+(List a, const List& b);

List floats();                  ///< float16, float, double
List floats_and_bfloat16();     ///< bfloat16, float16, float, double
List integers();                ///< int8 to int64, uint8 to uint64
List numbers();                 ///< integers and floats
List numbers_and_bfloat16();    ///< integers, floats, bfloat16
List high_precision_numbers();  ///< uint32, uint64, int32, int64, floats (old operator sets)
List all();               ///< integers, floats, complex, string, bool (opset 1 to 12 "all tensor types")
List all_and_bfloat16();  ///< all() and bfloat16 (opset 13)
List all_ir9();           ///< all_and_bfloat16() and the float8 types (opset 19)
List all_ir10();          ///< all_ir9() and int4, uint4 (opset 21)
List all_ir11();          ///< all_ir10() and float4e2m1 (opset 23)
List all_ir12();          ///< all_ir11() and float8e8m0 (opset 24)
List all_ir13();          ///< all_ir12() and int2, uint2 (opset 25)
/// The widest of the lists above that the standard had by operator set `opset`: all() before 13, all_ir13()
/// from 25.
List all_at(int opset);
List sequences_of(const List& tensor_types);  ///< seq(…) of each
List optionals_of(const List& tensor_types);  ///< optional(…) of each

}  // namespace lapidary::types
