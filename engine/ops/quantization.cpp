#include <cmath>

#include "engine/model/saturating_cast.h"
#include "engine/ops/broadcast.h"
#include "engine/ops/cast.h"
#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

using types::operator+;

// --- granularity: how scales and zero points meet the elements ---

/// A block's parameter repeated for each of its elements along `axis`; the last block may be cut.
template <class T>
Tensor repeated_in_blocks(const Tensor& parameter, const Dims& dims, std::size_t axis,
                          std::int64_t block_size) {
  Tensor result(parameter.type(), dims);
  const std::int64_t blocks = parameter.dims()[axis], size = dims[axis];
  std::int64_t inner = 1, outer = 1;
  for (std::size_t i = 0; i < dims.size(); ++i)
    if (i != axis) (i < axis ? outer : inner) *= dims[i];
  const T* from = parameter.data<T>();
  T* to = result.mutable_data<T>();
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::int64_t k = 0; k < size; ++k)
      to = std::copy_n(from + (o * blocks + k / block_size) * inner, inner, to);
  return result;
}

/// Scale or zero point as C, in a shape that broadcasts to `dims`: one for all, one for each index along
/// `axis`, or one for each block along it.
template <class C>
Tensor aligned(const KernelContext& context, const Tensor& given, const Dims& dims) {
  const Tensor parameter = converted(given, data_type_of<C>);
  if (parameter.size() == 1) return parameter.reshaped({});
  const auto rank = static_cast<std::int64_t>(dims.size());
  const auto axis =
      static_cast<std::size_t>(KernelContext::normalized_axis(context.integer("axis", 1), rank));
  const std::int64_t block_size = context.integer("block_size", 0);
  if (block_size <= 0) {
    if (parameter.rank() != 1 || parameter.size() != dims[axis])
      throw Error("scales of sizes " + to_string(parameter.dims()) + " do not fit axis " +
                  std::to_string(axis) + " of " + to_string(dims));
    Dims along_axis(dims.size(), 1);
    along_axis[axis] = parameter.size();
    return parameter.reshaped(along_axis);
  }
  Dims expected = dims;
  expected[axis] = dims[axis] / block_size + (dims[axis] % block_size != 0);
  if (parameter.dims() != expected)
    throw Error("block scales are " + to_string(parameter.dims()) + " where blocks of " +
                std::to_string(block_size) + " need " + to_string(expected));
  return repeated_in_blocks<C>(parameter, dims, axis, block_size);
}

// --- QuantizeLinear ---

/// Least and greatest number of an integer type.
std::pair<double, double> range_of(DataType type) {
  const int bits = bits_of(type);
  if (is_signed(type)) return {-std::ldexp(1, bits - 1), std::ldexp(1, bits - 1) - 1};
  return {0, std::ldexp(1, bits) - 1};
}

/// x / scale, rounded as a division in `precision` rounds it.
template <class C>
Tensor quotient(const Tensor& x, const Tensor& scale, DataType precision) {
  Tensor result(data_type_of<C>, x.dims());
  dispatch(NumberTypes{}, x.type(), [&]<class T>() {
    broadcast_binary<T, C, C>(x, scale, result, [](T value, C by) {
      return static_cast<C>(static_cast<ComputeType<T>>(value)) / by;
    });
  });
  const bool is_16_bit = precision == DataType::Float16 || precision == DataType::BFloat16;
  return is_16_bit ? converted(converted(result, precision), data_type_of<C>) : result;
}

/// round(q) + zero point, limited to the range of `type`.
template <class C>
Tensor to_integers(const Tensor& q, const Tensor& zero_point, DataType type) {
  const auto [least, greatest] = range_of(type);
  const DataType stored = !is_sub_byte(type) ? type : is_signed(type) ? DataType::Int8 : DataType::UInt8;
  Tensor result(stored, q.dims());
  dispatch(IntegerTypes{}, stored, [&, low = least, high = greatest]<class T>() {
    broadcast_binary<C, C, T>(q, zero_point, result, [low, high](C value, C zero) {
      const double rounded = static_cast<double>(std::nearbyint(value)) + static_cast<double>(zero);
      return saturating_cast<T>(std::isnan(rounded) ? rounded : std::clamp(rounded, low, high));
    });
  });
  return is_sub_byte(type) ? packed(result, type) : result;
}

template <class C>
Tensor quantized(const KernelContext& context, DataType type) {
  const Tensor &x = context.input(0), &scale = context.input(1);
  const auto asked = data_type_from_number(context.integer("precision", 0));
  const DataType precision = asked == DataType::Undefined ? scale.type() : asked;
  const Tensor q = quotient<C>(x, aligned<C>(context, scale, x.dims()), precision);
  const bool has_zero_point = context.has_input(2);
  if (is_integer(type)) {
    const Tensor zero = Tensor::scalar(C{0});
    return to_integers<C>(q, has_zero_point ? aligned<C>(context, context.input(2), x.dims()) : zero, type);
  }
  CastRules rules;
  rules.saturate = context.integer("saturate", 1) != 0;
  return cast_tensor(q, type, rules);
}

/// The zero point's type decides, else `output_dtype`, else uint8.
DataType quantized_type(DataType zero_point, std::int64_t output_dtype) {
  if (zero_point != DataType::Undefined) return zero_point;
  const DataType asked = data_type_from_number(output_dtype);
  return asked == DataType::Undefined ? DataType::UInt8 : asked;
}

void quantize_linear(KernelContext& context) {
  const DataType zero_point = context.has_input(2) ? context.input(2).type() : DataType::Undefined;
  const DataType type = quantized_type(zero_point, context.integer("output_dtype", 0));
  const DataType x_type = context.input(0).type();
  // int32 has more digits than float32.
  const bool wide = x_type == DataType::Float64 || x_type == DataType::Int32;
  context.set_output(0, wide ? quantized<double>(context, type) : quantized<float>(context, type));
}

// --- DequantizeLinear ---

template <class C>
Tensor dequantized(const KernelContext& context) {
  const Tensor x = converted(context.input(0), data_type_of<C>);
  Tensor difference = x;
  // Zero points of floating quantized types can only be zero.
  if (context.has_input(2) && is_integer(context.input(2).type())) {
    difference = Tensor(data_type_of<C>, x.dims());
    broadcast_binary<C, C, C>(x, aligned<C>(context, context.input(2), x.dims()), difference, std::minus<>());
  }
  Tensor result(data_type_of<C>, x.dims());
  broadcast_binary<C, C, C>(difference, aligned<C>(context, context.input(1), x.dims()), result,
                            std::multiplies<>());
  return result;
}

/// `output_dtype`, else the scale's type; a scale of float8e8m0 gives float32.
DataType dequantized_type(DataType scale, std::int64_t output_dtype) {
  const DataType asked = data_type_from_number(output_dtype);
  if (asked != DataType::Undefined) return asked;
  return scale == DataType::Float8E8M0 ? DataType::Float32 : scale;
}

void dequantize_linear(KernelContext& context) {
  const DataType scale = context.input(1).type();
  const DataType type = context.made_type(dequantized_type(scale, context.integer("output_dtype", 0)));
  const Tensor result =
      type == DataType::Float64 ? dequantized<double>(context) : dequantized<float>(context);
  context.set_output(0, converted(result, type));
}

// --- DynamicQuantizeLinear ---

/// scale = (max − min) / 255 over a range that contains 0, and 1 where that is empty; zero point = round(−min
/// / scale).
void dynamic_quantize_linear(KernelContext& context) {
  const Tensor& x = context.input(0);
  dispatch(WideFloatTypes{}, x.type(), [&]<class T>() {
    T least = 0, greatest = 0;
    for (const T value : x.span<T>()) {
      least = std::min(least, value);
      greatest = std::max(greatest, value);
    }
    const T scale = greatest == least ? T{1} : (greatest - least) / T{255};
    const T zero = std::nearbyint(std::clamp(-least / scale, T{0}, T{255}));
    const Tensor q = quotient<T>(x, Tensor::scalar(scale), x.type());
    context.set_output(0, to_integers<T>(q, Tensor::scalar(zero), DataType::UInt8));
    context.set_output(1, Tensor::scalar(scale));
    context.set_output(2, Tensor::scalar(saturating_cast<std::uint8_t>(static_cast<double>(zero))));
  });
}

// --- inference ---

void infer_quantize(InferenceContext& context) {
  const DataType zero_point = context.has_input(2) ? context.input_element(2) : DataType::Undefined;
  context.set_output(0, quantized_type(zero_point, context.integer("output_dtype", 0)),
                     context.input_shape(0));
}

void infer_dequantize(InferenceContext& context) {
  context.set_output(0, dequantized_type(context.input_element(1), context.integer("output_dtype", 0)),
                     context.input_shape(0));
}

void infer_dynamic_quantize(InferenceContext& context) {
  context.set_output(0, DataType::UInt8, context.input_shape(0));
  context.set_output(1, DataType::Float32, Shape{});
  context.set_output(2, DataType::UInt8, Shape{});
}

// --- records ---

const std::vector<std::string> float8{"float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz"};

/// Types of quantized elements, by the version that brought them.
types::List quantized_types(int version) {
  types::List list = types::tensors({"int8", "uint8"});
  if (version >= 19) list = list + types::tensors(float8);
  if (version >= 21) list = list + types::tensors({"int16", "uint16", "int4", "uint4"});
  if (version >= 23) list = list + types::tensors({"float4e2m1"});
  if (version >= 25) list = list + types::tensors({"int2", "uint2"});
  return list;
}

constexpr const char* axis_text = "Axis along which scales differ, per index or per block.";
constexpr const char* scale_text =
    "Scale: one for all, [D] for each index of the axis, or one for each block.";
constexpr const char* zero_text = "Zero point, of the scale's sizes; 0 if absent.";

Operator quantization(const char* name, int version, const char* summary) {
  Operator record(name, version, OperatorKind::Quantization);
  record.summary(summary).cost(per_element(2));
  if (version >= 13) record.attribute("axis", std::int64_t{1}, axis_text);
  if (version >= 21)
    record.attribute("block_size", std::int64_t{0},
                     "Elements along the axis that share a scale; 0 without blocks.");
  return record;
}

void add_quantize(OperatorTable& table, int version) {
  Operator record =
      quantization("QuantizeLinear", version, "round(x / scale) + zero point, limited to the narrow type.");
  const types::List wide = types::tensors({"float", "float16", "bfloat16", "int32"});
  const std::string scale = version < 19 ? "tensor(float)" : version < 23 ? "T1" : "T2";
  const std::string narrow = version < 23 ? "T2" : "T3";
  record.input("x", "T1", "What is quantized.")
      .input("y_scale", scale, scale_text)
      .optional_input("y_zero_point", narrow, zero_text)
      .output("y", narrow, "Quantized elements, of the sizes of x.")
      .constraint("T1", version < 19 ? types::tensors({"float", "int32"}) : wide)
      .infer(infer_quantize)
      .kernel(quantize_linear)
      .example("x = float[4]{-1, 0, 0.3, 100}; y_scale = float{0.5}; y_zero_point = uint8{128}");
  if (version >= 23) record.constraint("T2", version < 24 ? wide : wide + types::tensors({"float8e8m0"}));
  record.constraint(narrow, quantized_types(version));
  if (version >= 19)
    record.attribute("saturate", std::int64_t{1},
                     "1: what a float 8 type cannot hold becomes its largest number; 0: NaN or infinity.");
  if (version >= 21)
    record.attribute("output_dtype", std::int64_t{0},
                     "Type of the result where there is no zero point; 0 is uint8.");
  if (version >= 23)
    record.attribute("precision", std::int64_t{0},
                     "Type in which x is divided by the scale; 0 is the scale's own.");
  table.add(std::move(record));
}

void add_dequantize(OperatorTable& table, int version) {
  Operator record = quantization("DequantizeLinear", version, "(x − zero point) · scale.");
  const types::List floats = types::tensors({"float", "float16", "bfloat16"});
  const std::string narrow = version < 19 ? "T" : "T1";
  record.input("x", narrow, "Quantized elements.")
      .input("x_scale", version < 19 ? "tensor(float)" : "T2", scale_text)
      .optional_input("x_zero_point", narrow, zero_text)
      .output("y",
              version < 19   ? "tensor(float)"
              : version < 23 ? "T2"
                             : "T3",
              "The numbers, of the sizes of x.")
      .constraint(narrow, quantized_types(version) + types::tensors({"int32"}))
      .infer(infer_dequantize)
      .kernel(dequantize_linear)
      .example("x = uint8[3]{126, 128, 130}; x_scale = float{0.5}; x_zero_point = uint8{128}");
  if (version >= 19) record.constraint("T2", version < 24 ? floats : floats + types::tensors({"float8e8m0"}));
  if (version >= 23)
    record.constraint("T3", floats)
        .attribute("output_dtype", std::int64_t{0}, "Type of the result; 0 is the scale's.");
  table.add(std::move(record));
}

}  // namespace

void register_quantization(OperatorTable& table) {
  for (const int version : {10, 13, 19, 21, 23, 24, 25}) {
    add_quantize(table, version);
    add_dequantize(table, version);
  }
  table.add(quantization("DynamicQuantizeLinear", 11,
                         "Quantizes to uint8 with scale and zero point from the data's range.")
                .input("x", "T1", "What is quantized.")
                .output("y", "T2", "Quantized elements, of the sizes of x.")
                .output("y_scale", "tensor(float)", "Scalar: the scale that was chosen.")
                .output("y_zero_point", "T2", "Scalar: the zero point that was chosen.")
                .constraint("T1", types::tensors({"float"}))
                .constraint("T2", types::tensors({"uint8"}))
                .infer(infer_dynamic_quantize)
                .kernel(dynamic_quantize_linear)
                .example("x = float[4]{-1, 0, 0.5, 2}")
                .cost(per_element(5)));
}

}  // namespace lapidary
