#include "engine/ops/microsoft/block_quantization.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/ops/arguments.h"
#include "engine/ops/compute_buffer.h"
#include "engine/ops/element_move.h"
#include "engine/ops/gemm.h"
#include "engine/ops/microsoft/attention.h"
#include "engine/ops/working_memory.h"

namespace lapidary::microsoft {
namespace {

std::int64_t bits_of_weights(const KernelContext& context) {
  const std::int64_t bits = context.integer("bits", 4);
  if (bits != 2 && bits != 4 && bits != 8)
    throw Error("weights of " + std::to_string(bits) + " bits are not known");
  return bits;
}

std::int64_t read_block_size(const KernelContext& context, std::int64_t otherwise) {
  const std::int64_t size = context.integer("block_size", otherwise);
  if (size < 1 || size > std::numeric_limits<std::int32_t>::max())
    throw Error("block_size is " + std::to_string(size));
  return size;
}

std::span<const std::uint8_t> bytes_of(const Tensor& tensor) {
  if (tensor.type() != DataType::UInt8)
    throw Error("packed weights are uint8, not " + std::string(name_of(tensor.type())));
  return tensor.span<std::uint8_t>();
}

/// A · weightsᵀ, weights [N, K].
Tensor product_with_rows(const KernelContext& context, const Tensor& a, const Tensor& weights) {
  return compute(context, "MatMul", {a, transposed(weights, {1, 0})});
}

// --- MatMulNBits ---

/// Weights [N, K] that are read a row at a time, so that a large matrix never stands in memory as numbers.
template <class V>
class PackedRows {
 public:
  explicit PackedRows(const KernelContext& context)
      : bits_(bits_of_weights(context)),
        block_size_(read_block_size(context, 0)),
        n_(positive_attribute(context, "N")),
        k_(positive_attribute(context, "K")),
        blocks_((k_ + block_size_ - 1) / block_size_),
        bytes_(bytes_of(context.input(1))),
        scales_(values_as<V>(context.input(2))) {
    Tensor zeros = input_or_absent(context, 3);
    if (zeros.is_present() && zeros.type() == DataType::UInt8)
      zeros = unpacked_bits(zeros.reshaped({n_, zeros.size() / n_}), bits_, blocks_);
    zeros_ = zeros.is_present()
                 ? values_as<V>(zeros)
                 : std::vector<V>(scales_.size(), static_cast<V>(std::int64_t{1} << (bits_ - 1)));
    const auto blocks = static_cast<std::size_t>(n_ * blocks_);
    if (scales_.size() != blocks || zeros_.size() != blocks ||
        static_cast<std::int64_t>(bytes_.size()) != n_ * blocks_ * block_size_ * bits_ / 8)
      throw Error("weights, scales or zero points do not fit N " + std::to_string(n_) + " and K " +
                  std::to_string(k_));
  }

  std::int64_t rows() const { return n_; }
  std::int64_t length() const { return k_; }

  void read(std::int64_t row, V* to) const {
    const std::uint8_t* from = bytes_.data() + row * blocks_ * block_size_ * bits_ / 8;
    const std::int64_t per_byte = 8 / bits_;
    const int mask = (1 << bits_) - 1;
    for (std::int64_t i = 0; i < k_; ++i) {
      const auto block = static_cast<std::size_t>(row * blocks_ + i / block_size_);
      const int code = from[i / per_byte] >> (i % per_byte * bits_) & mask;
      to[i] = (static_cast<V>(code) - zeros_[block]) * scales_[block];
    }
  }

 private:
  std::int64_t bits_, block_size_, n_, k_, blocks_;
  std::span<const std::uint8_t> bytes_;
  std::vector<V> scales_, zeros_;
};

void matmul_n_bits(KernelContext& context) {
  if (context.integer("weight_prepacked", 0) != 0)
    throw Error("weights in the layout of another device cannot be read");
  const Tensor& a = context.input(0);
  dispatch(FloatTypes{}, a.type(), [&]<class T>() {
    using Value = ComputeType<T>;
    const PackedRows<Value> weights(context);
    const std::int64_t n = weights.rows(), k = weights.length(), panel = std::min<std::int64_t>(n, 64);
    Dims dims = a.dims();
    if (dims.empty() || dims.back() != k)
      throw Error("A is " + to_string(dims) + " where K is " + std::to_string(k));
    dims.back() = n;
    const ComputeInput<T> left(a);
    Tensor product(a.type(), dims);
    ComputeOutput<T> result(product);
    auto rows = working_memory<Value>({panel, k});
    for (std::int64_t first = 0; first < n; first += panel) {
      context.cancel.check();
      const std::int64_t count = std::min(panel, n - first);
      for (std::int64_t row = 0; row < count; ++row) weights.read(first + row, rows.data() + row * k);
      gemm<Value>(a.size() / k, count, k, {left.data(), k}, {rows.data(), k, true}, result.data() + first, n);
    }
    result.store();
    context.set_output(0,
                       context.has_input(5) ? compute(context, "Add", {product, context.input(5)}) : product);
  });
}

/// […, K] becomes […, size]; `size` is an attribute's name.
InferenceFunction last_axis_becomes(const char* attribute) {
  return [attribute](InferenceContext& context) {
    auto shape = context.input_shape(0);
    if (shape && !shape->empty()) shape->back() = Dimension(context.integer(attribute, 0));
    context.set_output(0, context.input_element(0), shape);
  };
}

/// Every element of the result sums K products; each weight is dequantized once.
std::optional<Cost> quantized_weights_cost(const CostContext& context) {
  const auto elements = context.output_elements();
  if (!elements) return std::nullopt;
  const auto attribute = [&](const char* name) {
    return static_cast<double>(context.node.attribute_or(name, std::int64_t{0}));
  };
  const bool by_columns = context.node.attribute_or("transB", std::int64_t{1}) == 0;
  const double macs = *elements * attribute(by_columns ? "N" : "K");
  return Cost{macs, 2 * (macs + attribute("N") * attribute("K"))};
}

// --- MatMulBnb4 ---

constexpr std::array<double, 16> four_bit_floats{
    0, 5.208333333e-03,  2. / 3,  1,  1. / 3,  0.5,  1. / 6,  0.25,
    0, -5.208333333e-03, -2. / 3, -1, -1. / 3, -0.5, -1. / 6, -0.25};
/// Quantiles of the normal distribution.
constexpr std::array<double, 16> normal_floats{-1.0,
                                               -0.6961928009986877,
                                               -0.5250730514526367,
                                               -0.39491748809814453,
                                               -0.28444138169288635,
                                               -0.18477343022823334,
                                               -0.09105003625154495,
                                               0.0,
                                               0.07958029955625534,
                                               0.16093020141124725,
                                               0.24611230194568634,
                                               0.33791524171829224,
                                               0.44070982933044434,
                                               0.5626170039176941,
                                               0.7229568362236023,
                                               1.0};

/// Weights [N, K] flattened, high bits first; each block is scaled by its greatest magnitude.
void matmul_bnb4(KernelContext& context) {
  const std::int64_t n = positive_attribute(context, "N"), k = positive_attribute(context, "K"),
                     block_size = read_block_size(context, 0);
  const auto& table = context.integer("quant_type", 1) == 0 ? four_bit_floats : normal_floats;
  const auto bytes = bytes_of(context.input(1));
  const auto scales = values_as<double>(context.input(2));
  if (static_cast<std::int64_t>(bytes.size()) < (n * k + 1) / 2 ||
      static_cast<std::int64_t>(scales.size()) < (n * k + block_size - 1) / block_size)
    throw Error("weights or their scales are too few for N " + std::to_string(n) + " and K " +
                std::to_string(k));
  std::vector<double> weights;
  for (std::int64_t i = 0; i < n * k; ++i) {
    const int code = i % 2 == 0 ? bytes[i / 2] >> 4 : bytes[i / 2] & 15;
    weights.push_back(table[static_cast<std::size_t>(code)] * scales[i / block_size]);
  }
  const Tensor& a = context.input(0);
  const Tensor b = tensor_from(a.type(), {n, k}, weights);
  context.set_output(0, context.integer("transB", 1) != 0 ? product_with_rows(context, a, b)
                                                          : compute(context, "MatMul", {a, b}));
}

// --- GatherBlockQuantized ---

/// The table's rows as whole numbers, and the axis that its blocks run along. What is packed in bytes is
/// unpacked.
struct QuantizedTable {
  Tensor data, zeros;
  std::int64_t gather_axis, quantize_axis, block_size, bits;
  bool packed_in_bytes;
};

QuantizedTable read_table(const KernelContext& context) {
  const Tensor& data = context.input(0);
  QuantizedTable t{unpacked(data),
                   input_or_absent(context, 3),
                   context.normalized_axis(context.integer("gather_axis", 0), data.rank()),
                   context.normalized_axis(context.integer("quantize_axis", 1), data.rank()),
                   read_block_size(context, 128),
                   bits_of_weights(context),
                   data.type() == DataType::UInt8};
  if (t.zeros.is_present()) t.zeros = unpacked(t.zeros);
  if (t.packed_in_bytes && t.gather_axis != 0) throw Error("gather_axis of packed bytes can only be 0");
  return t;
}

Tensor gathered(const KernelContext& context, const Tensor& tensor, std::int64_t axis) {
  return compute(context, "Gather", {tensor, context.input(1)}, {{"axis", axis}});
}

/// Elements, scales and zero points as [rows, length] along the axis of blocks; the result in the old order
/// again.
Tensor dequantized_along(const Tensor& elements, const Tensor& scales, const Tensor& zeros, std::int64_t axis,
                         std::int64_t block_size, double default_zero) {
  std::vector<std::int64_t> last = all_axes(elements.dims().size()), back = last;
  std::rotate(last.begin() + axis, last.begin() + axis + 1, last.end());
  for (std::size_t i = 0; i < last.size(); ++i)
    back[static_cast<std::size_t>(last[i])] = static_cast<std::int64_t>(i);
  const auto as_rows = [&](const Tensor& tensor) {
    if (!tensor.is_present()) return tensor;
    const Tensor ordered = transposed(tensor, last);
    const std::int64_t length = std::max<std::int64_t>(1, ordered.dims().back());
    return ordered.reshaped({ordered.size() / length, ordered.dims().back()});
  };
  const Tensor rows =
      dequantized_blocks(as_rows(elements), as_rows(scales), as_rows(zeros), default_zero, block_size);
  return transposed(rows.reshaped(transposed(elements, last).dims()), back);
}

void gather_block_quantized(KernelContext& context) {
  const QuantizedTable t = read_table(context);
  // Rows are taken out before they are dequantized, unless blocks run along the rows themselves.
  const bool first = t.gather_axis != t.quantize_axis;
  const auto taken = [&](const Tensor& tensor) {
    return first && tensor.is_present() ? gathered(context, tensor, t.gather_axis) : tensor;
  };
  Tensor elements = taken(t.data), zeros = taken(t.zeros);
  const Tensor scales = taken(context.input(2));
  if (t.packed_in_bytes) {
    elements = unpacked_bits(elements, t.bits, elements.dims().back() * (8 / t.bits));
    if (zeros.is_present())
      zeros = unpacked_bits(zeros, t.bits, scales.dims().empty() ? 1 : scales.dims().back());
  }
  const std::int64_t moved = context.input(1).rank() - 1;
  const std::int64_t axis = t.quantize_axis + (first && t.quantize_axis > t.gather_axis ? moved : 0);
  const double middle = t.packed_in_bytes ? std::ldexp(1, static_cast<int>(t.bits) - 1) : 0;
  const Tensor y = dequantized_along(elements, scales, zeros, axis, t.block_size, middle);
  context.set_output(0, first ? y : gathered(context, y, t.gather_axis));
}

void infer_gather_block_quantized(InferenceContext& context) {
  Type data = context.input_type(0);
  if (data.shape && !data.shape->empty() && data.element == DataType::UInt8)
    data.shape->back() = data.shape->back() * (8 / std::max<std::int64_t>(1, context.integer("bits", 4)));
  const auto types = infer_call(context, "Gather", {data, context.input_type(1)},
                                {{"axis", context.integer("gather_axis", 0)}});
  context.set_output(0, context.input_element(2), types.at(0).shape);
}

// --- records ---

void register_products(OperatorTable& table) {
  table.add(
      record("MatMulNBits", OperatorKind::Quantization)
          .summary("Matrix product with weights of 2, 4 or 8 bits, whose elements share scales in blocks.")
          .required_attribute("K", AttributeType::Int, "Length of a row of A.")
          .required_attribute("N", AttributeType::Int, "Length of a row of the result.")
          .attribute("accuracy_level", std::int64_t{0},
                     "How far A may be rounded for speed: 0 and 1 not at all, 4 to 8 bits. Here it never is.")
          .attribute("bits", std::int64_t{4}, "Bits of a weight.")
          .required_attribute("block_size", AttributeType::Int, "Weights along K that share a scale.")
          .attribute("weight_prepacked", std::int64_t{0}, "0: B is as described here.")
          .input("A", "T1", "Left factor […, K].")
          .input("B", "T2", "Weights [N, blocks, block_size·bits/8], low bits first.")
          .input("scales", "T1", "Scale of each block [N, blocks].")
          .optional_input(
              "zero_points", "T3",
              "Zero points: packed like B [N, blocks·bits/8], or [N, blocks] of the type of A; the "
              "middle if absent.")
          .optional_input("g_idx", "T4", "Without effect.")
          .optional_input("bias", "T1", "Bias [N].")
          .output("Y", "T1", "Product […, N].")
          .constraint("T1", floats())
          .constraint("T2", {"tensor(uint8)"})
          .constraint("T3", types::tensors({"uint8", "float16", "float", "bfloat16"}))
          .constraint("T4", {"tensor(int32)"})
          .infer(last_axis_becomes("N"))
          .kernel(matmul_n_bits)
          .cost(quantized_weights_cost)
          .example("A = float[1, 16]{1}; B = uint8[1, 1, 8]{153}; scales = float[1, 1]{0.5}; N = 1; K = 16; "
                   "block_size = 16"));
  table.add(
      record("MatMulBnb4", OperatorKind::Quantization)
          .summary("Matrix product with weights of 4 bits that name one of 16 numbers, scaled in blocks.")
          .required_attribute("K", AttributeType::Int, "Width of the weights.")
          .required_attribute("N", AttributeType::Int, "Height of the weights.")
          .required_attribute("block_size", AttributeType::Int, "Weights that share a scale.")
          .required_attribute("quant_type", AttributeType::Int, "The numbers: 0 FP4, 1 NF4.")
          .attribute("training_mode", std::int64_t{0}, "Without effect on the result.")
          .attribute("transB", std::int64_t{1}, "1 for A · Bᵀ, 0 for A · B.")
          .input("A", "T1", "Left factor […, K]; […, N] where transB is 0.")
          .input("B", "T2", "Weights [N, K] as one row of bytes, high bits first.")
          .input("absmax", "T1", "Scale of each block.")
          .output("Y", "T1", "Product […, N]; […, K] where transB is 0.")
          .constraint("T1", floats())
          .constraint("T2", {"tensor(uint8)"})
          .infer([](InferenceContext& context) {
            last_axis_becomes(context.integer("transB", 1) != 0 ? "N" : "K")(context);
          })
          .kernel(matmul_bnb4)
          .cost(quantized_weights_cost)
          .example("A = float[1, 4]{1}; B = uint8[2]{247, 240}; absmax = float[1]{2}; N = 1; K = 4; "
                   "block_size = 16; quant_type = 1"));
}

}  // namespace

Tensor unpacked_bits(const Tensor& packed, std::int64_t bits, std::int64_t size) {
  const Dims& dims = packed.dims();
  if (dims.empty()) throw Error("packed weights need an axis");
  const std::int64_t width = dims.back(), per_byte = 8 / bits;
  if (width * per_byte < size)
    throw Error("packed rows of " + std::to_string(width) + " bytes hold fewer than " + std::to_string(size) +
                " numbers");
  Dims result_dims = dims;
  result_dims.back() = size;
  Tensor result(DataType::UInt8, result_dims);
  const auto* from = bytes_of(packed).data();
  auto* to = result.mutable_data<std::uint8_t>();
  const int mask = (1 << bits) - 1;
  for (std::int64_t row = 0; size > 0 && row < result.size() / size; ++row)
    for (std::int64_t i = 0; i < size; ++i)
      *to++ = static_cast<std::uint8_t>(from[row * width + i / per_byte] >> (i % per_byte * bits) & mask);
  return result;
}

Tensor dequantized_blocks(const Tensor& elements, const Tensor& scales, const Tensor& zeros,
                          double default_zero, std::int64_t block_size) {
  require_rank(elements, 2);
  const std::int64_t rows = elements.dims()[0], length = elements.dims()[1];
  const std::int64_t blocks = (length + block_size - 1) / block_size;
  if (scales.size() != rows * blocks || (zeros.is_present() && zeros.size() != scales.size()))
    throw Error("scales or zero points do not fit " + std::to_string(rows) + " × " + std::to_string(blocks) +
                " blocks");
  auto values = values_as<double>(elements);
  const auto factors = values_as<double>(scales);
  const auto offsets =
      zeros.is_present() ? values_as<double>(zeros) : std::vector<double>(factors.size(), default_zero);
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t i = 0; i < length; ++i) {
      const std::int64_t block = row * blocks + i / block_size;
      double& value = values[row * length + i];
      value = (value - offsets[block]) * factors[block];
    }
  return tensor_from(scales.type(), elements.dims(), values);
}

void register_block_quantization(OperatorTable& table) {
  register_products(table);
  table.add(
      record("GatherBlockQuantized", OperatorKind::Quantization)
          .summary("Gather from a table of 2, 4 or 8 bits, whose elements share scales in blocks: the "
                   "embedding of "
                   "a quantized language model.")
          .attribute("bits", std::int64_t{4}, "Bits of an element, where data is uint8.")
          .attribute("block_size", std::int64_t{128}, "Elements along quantize_axis that share a scale.")
          .attribute("gather_axis", std::int64_t{0}, "Axis that the indices count along.")
          .attribute("quantize_axis", std::int64_t{1}, "Axis along which blocks run.")
          .input("data", "T1", "The table; in uint8, elements of fewer bits are packed along the last axis.")
          .input("indices", "Tind", "Which slices are taken.")
          .input("scales", "T2", "Scale of each block.")
          .optional_input("zero_points", "T1",
                          "Zero point of each block; 0, or the middle in uint8, if absent.")
          .output("output", "T2", "Slices as numbers.")
          .constraint("T1", types::tensors({"int4", "uint4", "uint8"}))
          .constraint("T2", floats())
          .constraint("Tind", types::tensors({"int32", "int64"}))
          .infer(infer_gather_block_quantized)
          .kernel(gather_block_quantized)
          .cost(per_element(2))
          .example("data = uint8[2, 16]{128}; indices = int64[1]{1}; scales = float[2, 1]{0.5, 2}; bits = 8; "
                   "block_size = 16"));
}

}  // namespace lapidary::microsoft
