#include <cmath>

#include "engine/ops/cast.h"
#include "engine/opsets/adapter.h"
#include "engine/opsets/adapters/pieces.h"

namespace lapidary {
namespace {

using Integers = std::vector<std::int64_t>;

/// True if one scale serves all elements, so that it does not matter along which axis.
bool has_one_scale(const NodeRewrite& rewrite) {
  const auto shape = rewrite.shape(rewrite.input(1));
  return shape && element_count(*shape).value_or(0) == 1;
}

/// Each block's parameter repeated for all of the block.
std::string repeated_in_blocks(NodeRewrite& rewrite, const std::string& parameter, std::int64_t axis,
                               std::int64_t block_size) {
  const Dims dims = rewrite.dims(rewrite.input(0)), blocks = rewrite.dims(rewrite.input(1));
  const auto at = static_cast<std::size_t>(axis);
  Dims column = blocks, all = blocks;
  column.insert(column.begin() + axis + 1, 1);
  all[at] *= block_size;
  Integers repeats(column.size(), 1);
  repeats[at + 1] = block_size;
  const std::string apart = reshaped(rewrite, parameter, column);
  const std::string tiles = rewrite.write("Tile", {apart, rewrite.integers_value(repeats, "repeats")});
  const std::string joint = rewrite.write("Reshape", {tiles, rewrite.integers_value(all, "shape")});
  return all[at] == dims.at(at) ? joint : sliced(rewrite, joint, axis, 0, dims[at]);
}

/// A scale or zero point, as `type`, in a shape that broadcasts over the elements.
std::string spread(NodeRewrite& rewrite, std::size_t index, DataType type) {
  std::string parameter = rewrite.input(index);
  if (rewrite.element(parameter) != type) parameter = rewrite.cast(parameter, type);
  if (has_one_scale(rewrite)) {
    const auto shape = rewrite.shape(rewrite.input(1));
    return shape->empty() ? parameter : reshaped(rewrite, parameter, {});
  }
  const std::int64_t rank = rewrite.rank(rewrite.input(0));
  const std::int64_t axis = non_negative(rewrite.integer("axis", 1), rank);
  const std::int64_t block_size = rewrite.integer("block_size", 0);
  if (block_size > 0) return repeated_in_blocks(rewrite, parameter, axis, block_size);
  Integers dims(static_cast<std::size_t>(rank), 1);
  dims.at(static_cast<std::size_t>(axis)) = -1;
  return reshaped(rewrite, parameter, dims);
}

/// (x − zero point) · scale
void write_dequantize(NodeRewrite& rewrite) {
  const DataType type = rewrite.element(rewrite.node.outputs.at(0));
  std::string value = rewrite.cast(rewrite.input(0), type);
  if (rewrite.has_input(2)) value = rewrite.write("Sub", {value, spread(rewrite, 2, type)});
  rewrite.become("Mul", {value, spread(rewrite, 1, type)});
}

/// round(x / scale) + zero point, limited to the range of the result's type
void write_quantize(NodeRewrite& rewrite) {
  const DataType result = rewrite.element(rewrite.node.outputs.at(0)),
                 type = rewrite.element(rewrite.input(1));
  if (!is_integer(result) || is_sub_byte(result))
    rewrite.refuse("QuantizeLinear to " + std::string(name_of(result)) + " along an axis or in blocks");
  const int bits = bits_of(result);
  const double least = is_signed(result) ? -std::exp2(bits - 1) : 0;
  const double most = std::exp2(is_signed(result) ? bits - 1 : bits) - 1;
  std::string x = rewrite.input(0);
  if (rewrite.element(x) != type) x = rewrite.cast(x, type);
  std::string value = rewrite.write("Round", {rewrite.write("Div", {x, spread(rewrite, 1, type)})});
  if (rewrite.has_input(2)) value = rewrite.write("Add", {value, spread(rewrite, 2, type)});
  const std::string low = rewrite.number(least, type, "least"), high = rewrite.number(most, type, "most");
  const std::string limited = rewrite.write("Clip", {value, low, high});
  rewrite.become("Cast", {limited}, {{"to", static_cast<std::int64_t>(result)}});
}

/// Before 13 one scale serves all.
void lower_quantize_13(NodeRewrite& rewrite) {
  if (!has_one_scale(rewrite)) return write_quantize(rewrite);
  rewrite.remove("axis");
}

void lower_dequantize_13(NodeRewrite& rewrite) {
  if (!has_one_scale(rewrite)) return write_dequantize(rewrite);
  rewrite.remove("axis");
}

void lower_quantize_19(NodeRewrite& rewrite) {
  rewrite.remove("saturate");
}  // of float8 only, which is refused

/// The type that an attribute names can be said by a zero point of zero.
void name_type_by_zero_point(NodeRewrite& rewrite) {
  const auto type = data_type_from_number(rewrite.integer("output_dtype", 0));
  rewrite.remove("output_dtype");
  if (rewrite.has_input(2) || type == DataType::Undefined || type == DataType::UInt8) return;
  const Dims dims = rewrite.dims(rewrite.input(1));
  const std::vector<double> zeros(static_cast<std::size_t>(element_count(dims)), 0);
  rewrite.set_input(2, rewrite.add(tensor_from(type, dims, zeros), "zero_point"));
}

void lower_quantize_21(NodeRewrite& rewrite) {
  if (rewrite.integer("block_size", 0) > 0) return write_quantize(rewrite);
  name_type_by_zero_point(rewrite);
}

void lower_dequantize_21(NodeRewrite& rewrite) {
  if (rewrite.integer("block_size", 0) > 0) write_dequantize(rewrite);
}

/// The type of the result is that of the scale then.
void lower_dequantize_23(NodeRewrite& rewrite) {
  const auto type = data_type_from_number(rewrite.integer("output_dtype", 0));
  rewrite.remove("output_dtype");
  if (type != DataType::Undefined && type != rewrite.element(rewrite.input(1)))
    rewrite.pass_output_through(0, "Cast", {}, {{"to", static_cast<std::int64_t>(type)}});
}

/// Scale and zero point from the range of the data with 0 in it; rounding is QuantizeLinear's.
void lower_dynamic_quantize_11(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  const auto number = [&](double value) { return rewrite.number(value, DataType::Float32); };
  const Attributes to_scalar = {{"keepdims", std::int64_t{0}}};
  const std::string zero = number(0), one = number(1);
  const std::string least = rewrite.write("Min", {rewrite.write("ReduceMin", {x}, to_scalar), zero});
  const std::string most = rewrite.write("Max", {rewrite.write("ReduceMax", {x}, to_scalar), zero});
  const std::string range = rewrite.write("Sub", {most, least});
  const std::string step = rewrite.write("Div", {range, number(255)});
  const std::string scale = rewrite.write("Where", {rewrite.write("Greater", {range, zero}), step, one});
  const std::string shift = rewrite.write("Div", {rewrite.write("Neg", {least}), scale});
  const std::string no_shift = rewrite.number(0, DataType::UInt8, "zero_point");
  const std::string zero_point = rewrite.write("QuantizeLinear", {shift, one, no_shift});
  if (rewrite.wants_output(1)) rewrite.write_output(1, "Identity", {scale});
  if (rewrite.wants_output(2)) rewrite.write_output(2, "Identity", {zero_point});
  rewrite.node.outputs.resize(1);
  rewrite.become("QuantizeLinear", {x, scale, zero_point});
}

/// An operand as int32 or float64 with its zero point taken off; one a row or channel lies along `dims`.
std::string without_zero_point(NodeRewrite& rewrite, std::size_t value, std::size_t zero_point, DataType type,
                               const Integers& dims) {
  const std::string wide = rewrite.cast(rewrite.input(value), type);
  if (!rewrite.has_input(zero_point)) return wide;
  std::string shift = rewrite.cast(rewrite.input(zero_point), type);
  const auto shape = rewrite.shape(rewrite.input(zero_point));
  if (!shape) rewrite.refuse("the sizes of its zero point are not known");
  if (shape->size() == 1 && !dims.empty()) shift = reshaped(rewrite, shift, dims);
  return rewrite.write("Sub", {wide, shift});
}

void lower_matmul_integer_10(NodeRewrite& rewrite) {
  const std::string a = without_zero_point(rewrite, 0, 2, DataType::Int32, {-1, 1});
  rewrite.become("MatMul", {a, without_zero_point(rewrite, 1, 3, DataType::Int32, {})});
}

/// In float64, which holds every sum of products of 8 bits.
void lower_conv_integer_10(NodeRewrite& rewrite) {
  Integers channels(static_cast<std::size_t>(rewrite.rank(rewrite.input(1))), 1);
  channels[0] = -1;
  const std::string x = without_zero_point(rewrite, 0, 2, DataType::Float64, {});
  const std::string w = without_zero_point(rewrite, 1, 3, DataType::Float64, channels);
  rewrite.node.op_type = "Conv";
  rewrite.node.inputs = {x, w};
  rewrite.pass_output_through(0, "Cast", {}, {{"to", static_cast<std::int64_t>(DataType::Int32)}});
}

}  // namespace

std::vector<Adapter> quantization_adapters() {
  return {
      {"QuantizeLinear", 13, nullptr, lower_quantize_13},
      {"DequantizeLinear", 10, nullptr, write_dequantize},
      {"DequantizeLinear", 13, nullptr, lower_dequantize_13},
      {"QuantizeLinear", 19, nullptr, lower_quantize_19},
      {"QuantizeLinear", 21, nullptr, lower_quantize_21},
      {"DequantizeLinear", 21, nullptr, lower_dequantize_21},
      {"QuantizeLinear", 23},  // a precision of its own is refused
      {"DequantizeLinear", 23, nullptr, lower_dequantize_23},
      {"DynamicQuantizeLinear", 11, nullptr, lower_dynamic_quantize_11},
      {"MatMulInteger", 10, nullptr, lower_matmul_integer_10},
      {"ConvInteger", 10, nullptr, lower_conv_integer_10},
  };
}

}  // namespace lapidary
