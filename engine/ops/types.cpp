#include "engine/ops/types.h"

namespace lapidary::types {

List tensors(const std::vector<std::string>& elements) {
  List list;
  for (const auto& element : elements) list.push_back("tensor(" + element + ")");
  return list;
}

List operator+(List a, const List& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

List floats() { return tensors({"float16", "float", "double"}); }
List floats_and_bfloat16() { return tensors({"bfloat16"}) + floats(); }
List integers() {
  return tensors({"uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"});
}
List numbers() { return integers() + floats(); }
List numbers_and_bfloat16() { return numbers() + tensors({"bfloat16"}); }
List high_precision_numbers() { return tensors({"uint32", "uint64", "int32", "int64"}) + floats(); }
List all() { return numbers() + tensors({"string", "bool", "complex64", "complex128"}); }
List all_and_bfloat16() { return all() + tensors({"bfloat16"}); }
List all_ir9() {
  return all_and_bfloat16() + tensors({"float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz"});
}
List all_ir10() { return all_ir9() + tensors({"uint4", "int4"}); }
List all_ir11() { return all_ir10() + tensors({"float4e2m1"}); }
List all_ir12() { return all_ir11() + tensors({"float8e8m0"}); }
List all_ir13() { return all_ir12() + tensors({"uint2", "int2"}); }

List all_at(int opset) {
  if (opset >= 25) return all_ir13();
  if (opset >= 24) return all_ir12();
  if (opset >= 23) return all_ir11();
  if (opset >= 21) return all_ir10();
  if (opset >= 19) return all_ir9();
  return opset >= 13 ? all_and_bfloat16() : all();
}

namespace {

List wrapped(const std::string& wrapper, const List& tensor_types) {
  List list;
  for (const auto& type : tensor_types) list.push_back(wrapper + "(" + type + ")");
  return list;
}

}  // namespace

List sequences_of(const List& tensor_types) { return wrapped("seq", tensor_types); }
List optionals_of(const List& tensor_types) { return wrapped("optional", tensor_types); }

}  // namespace lapidary::types
