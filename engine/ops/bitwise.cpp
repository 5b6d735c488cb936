#include "engine/ops/cast.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

using types::operator+;

/// Bits shifted out are lost; a shift by the element's width or more leaves 0.
constexpr auto shift_left = []<class T>(T x, T by) -> T {
  return by < sizeof(T) * 8 ? static_cast<T>(static_cast<std::uint64_t>(x) << by) : T{0};
};
constexpr auto shift_right = []<class T>(T x, T by) -> T {
  return by < sizeof(T) * 8 ? static_cast<T>(static_cast<std::uint64_t>(x) >> by) : T{0};
};

void bit_shift(KernelContext& context) {
  const std::string direction = context.text("direction", "");
  if (direction == "LEFT") return binary_kernel<UnsignedIntegerTypes, shift_left>(context);
  if (direction == "RIGHT") return binary_kernel<UnsignedIntegerTypes, shift_right>(context);
  throw Error("attribute 'direction' of BitShift is '" + direction + "'").advice("It must be LEFT or RIGHT.");
}

void bit_cast_kernel(KernelContext& context) {
  const Tensor& x = context.input(0);
  const DataType to = data_type_from_number(context.integer("to", 0));
  if (x.is_string() || bits_of(to) == 0 || bits_of(to) != bits_of(x.type()))
    throw Error("BitCast from " + std::string(name_of(x.type())) + " to " + std::string(name_of(to)) +
                ": the types differ in width");
  context.set_output(0, Tensor(to, x.dims(), x.bytes(), x.owner()));
}

void infer_bit_cast(InferenceContext& context) {
  const DataType from = context.input_element(0), to = data_type_from_number(context.integer("to", 0));
  if (from != DataType::Undefined && bits_of(from) != bits_of(to))
    context.report("BitCast from " + std::string(name_of(from)) + " to " + std::string(name_of(to)) +
                   ": the types differ in width");
  context.set_output(0, to, context.input_shape(0));
}

Operator bitwise(const char* name, const char* summary, KernelFunction kernel) {
  return binary_operator(name, 18, OperatorKind::ElementWise, summary, types::integers())
      .kernel(kernel)
      .example("A = uint8[3]{12, 10, 255}; B = uint8[3]{10, 6, 15}");
}

}  // namespace

void register_bitwise(OperatorTable& table) {
  table.add(Operator("BitShift", 11, OperatorKind::ElementWise)
                .summary("Bits of X moved left or right by Y places, element by element; zeros move in.")
                .input("X", "T", "What is shifted.")
                .input("Y", "T", "By how many places.")
                .output("Z", "T", "The result, of the sizes that broadcasting gives.")
                .constraint("T", types::tensors({"uint8", "uint16", "uint32", "uint64"}))
                .required_attribute("direction", AttributeType::String, "LEFT or RIGHT.")
                .infer(broadcast_inputs)
                .kernel(bit_shift)
                .example(R"(X = uint8[3]{1, 2, 16}; Y = uint8[3]{1, 2, 3}; direction = "LEFT")")
                .cost(per_element(1)));
  table.add(bitwise("BitwiseAnd", "Bits set in both A and B.",
                    binary_kernel<IntegerTypes, []<class T>(T a, T b) { return static_cast<T>(a & b); }>));
  table.add(bitwise("BitwiseOr", "Bits set in A or B.",
                    binary_kernel<IntegerTypes, []<class T>(T a, T b) { return static_cast<T>(a | b); }>));
  table.add(bitwise("BitwiseXor", "Bits set in exactly one of A and B.",
                    binary_kernel<IntegerTypes, []<class T>(T a, T b) { return static_cast<T>(a ^ b); }>));
  table.add(
      unary_operator("BitwiseNot", 18, OperatorKind::ElementWise, "All bits inverted.", types::integers())
          .kernel(unary_kernel<IntegerTypes, []<class T>(T x) { return static_cast<T>(~x); }>)
          .example("X = uint8[3]{0, 1, 254}")
          .cost(per_element(1)));

  const types::List any_bits =
      types::numbers_and_bfloat16() +
      types::tensors({"bool", "complex64", "complex128", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2",
                      "float8e5m2fnuz", "float8e8m0", "float4e2m1", "int4", "uint4", "int2", "uint2"});
  table.add(Operator("BitCast", 26, OperatorKind::ElementWise)
                .summary("The same bits read as another element type of equal width.")
                .input("input", "T1", "The tensor to read.")
                .output("output", "T2", "The same bytes in type `to`.")
                .required_attribute("to", AttributeType::Int, "The element type, as TensorProto's number.")
                .constraint("T1", any_bits)
                .constraint("T2", any_bits)
                .infer(infer_bit_cast)
                .kernel(bit_cast_kernel)
                .example("input = float[2]{1, -2}; to = 6")
                .cost(no_arithmetic()));
}

}  // namespace lapidary
