#include "engine/precision/quantize_weights_only.h"

#include <algorithm>

#include "engine/model/error.h"
#include "engine/precision/linear_quantization.h"
#include "engine/precision/quantization_plan.h"

namespace lapidary {
namespace {

constexpr std::int64_t least_bits_block = 16;  // of MatMulNBits

/// A matrix with rows and columns exchanged.
Tensor transposed(const Tensor& matrix) {
  const auto numbers = values_as<float>(matrix);
  const std::int64_t rows = matrix.dims()[0], columns = matrix.dims()[1];
  Tensor made(DataType::Float32, {columns, rows});
  float* to = made.mutable_data<float>();
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c)
      to[c * rows + r] = numbers[static_cast<std::size_t>(r * columns + c)];
  return made;
}

class BlockWriter {
 public:
  BlockWriter(GraphRewriter& graph, const BlockOptions& options) : graph_(graph), options_(options) {}

  /// Why the node stays as it is; empty if it is written.
  std::string refusal(const Node& node) const {
    if (std::string reason = options_.nodes.keep_reason(node); !reason.empty()) return reason;
    if (std::string reason = refused_weights(graph_, node); !reason.empty()) return reason;
    if (graph_.constant(node.inputs[1])->tensor.rank() != 2) return "its weights are no matrix";
    if (options_.form == BlockForm::MatMulNBits && is_standard(node, "Gemm") && !is_plain_gemm(node))
      return "MatMulNBits has neither alpha, beta nor transA";
    return {};
  }

  void write(std::size_t position) {
    const Node& node = *graph_.node(position);
    const bool is_transposed = node.attribute_or("transB", std::int64_t{0}) != 0;
    const Tensor& weights = graph_.constant(node.inputs[1])->tensor;
    if (options_.form == BlockForm::MatMulNBits)
      write_bits(position, is_transposed ? transposed(weights) : weights);
    else
      write_standard(position, weights, is_transposed);
  }

 private:
  std::string constant(const std::string& base, Tensor tensor) {
    return graph_.add_constant(base, std::move(tensor));
  }

  void write_standard(std::size_t position, const Tensor& weights, bool is_transposed) {
    Node changed = *graph_.node(position);
    const std::string name = changed.inputs[1];
    // Blocks lie along the axis that is summed over: 0, or 1 where the weights are transposed.
    BlockWeights made =
        quantize_blocks(is_transposed ? transposed(weights) : weights, options_.block_size, options_.type);
    const auto back = [&](const Tensor& tensor, DataType type) {
      return is_transposed ? converted(transposed(unpacked(tensor)), type) : tensor;
    };
    Node node;
    node.name = graph_.fresh_name(name + "_dequantized_node");
    node.op_type = "DequantizeLinear";
    node.inputs = {constant(name + "_quantized", back(made.values, options_.type)),
                   constant(name + "_scale", back(made.scales, DataType::Float32))};
    if (made.zero_points.is_present())
      node.inputs.push_back(constant(name + "_zero_point", back(made.zero_points, options_.type)));
    node.outputs = {graph_.fresh_name(name + "_dequantized")};
    node.attributes = {make_attribute("axis", std::int64_t{is_transposed ? 1 : 0}),
                       make_attribute("block_size", options_.block_size)};
    changed.inputs[1] = node.outputs[0];
    graph_.insert_before(position, std::move(node));
    graph_.replace(position, std::move(changed));
  }

  // --- MatMulNBits ---

  /// `weights`: [K, N].
  void write_bits(std::size_t position, const Tensor& weights) {
    const Node original = *graph_.node(position);
    const std::string name = original.inputs[1];
    const BlockWeights made = quantize_blocks(weights, options_.block_size, options_.type);
    const std::string bias = input_or_empty(original, 2);
    const std::string product =
        bias.empty() ? original.outputs[0] : graph_.fresh_name(original.outputs[0] + "_product");
    Node node =
        node_like(original, "MatMulNBits",
                  {original.inputs[0], constant(name + "_quantized", packed_rows(made, weights.dims())),
                   constant(name + "_scale", transposed(made.scales))},
                  {product});
    node.domain = "com.microsoft";
    if (made.zero_points.is_present())
      node.inputs.push_back(constant(name + "_zero_point", packed_zero_points(made)));
    node.attributes = {make_attribute("K", weights.dims()[0]), make_attribute("N", weights.dims()[1]),
                       make_attribute("bits", std::int64_t{4}),
                       make_attribute("block_size", options_.block_size)};
    if (bias.empty()) return graph_.replace(position, std::move(node));
    graph_.insert_before(position, std::move(node));
    Node sum = node_like(original, "Add", {product, bias}, original.outputs);
    sum.name = graph_.fresh_name(original.name + "_bias");
    graph_.replace(position, std::move(sum));
  }

  /// [K, N] as [N, blocks, block / 2], low bits first; 0 is the middle where there are no zero points.
  Tensor packed_rows(const BlockWeights& made, const Dims& dims) const {
    const Tensor steps = unpacked(made.values);
    const std::int64_t depth = dims[0], columns = dims[1], block = options_.block_size,
                       blocks = (depth + block - 1) / block, row_bytes = blocks * block / 2;
    const int middle = options_.type == DataType::Int4 ? 8 : 0;
    Tensor rows(DataType::UInt8, {columns, blocks, block / 2});
    auto* to = rows.mutable_data<std::uint8_t>();
    std::fill_n(to, rows.size(), static_cast<std::uint8_t>(middle * 0x11));
    for (std::int64_t k = 0; k < depth; ++k)
      for (std::int64_t c = 0; c < columns; ++c) {
        const int step =
            std::to_integer<int>(steps.bytes()[static_cast<std::size_t>(k * columns + c)]) + middle;
        std::uint8_t& byte = to[c * row_bytes + k / 2];
        const int shift = k % 2 * 4;
        byte = static_cast<std::uint8_t>((byte & ~(0xf << shift)) | ((step & 0xf) << shift));
      }
    return rows;
  }

  /// [blocks, N] as [N, ⌈blocks / 2⌉], low bits first.
  static Tensor packed_zero_points(const BlockWeights& made) {
    const Tensor zeros = unpacked(made.zero_points);
    const std::int64_t blocks = zeros.dims()[0], columns = zeros.dims()[1], row_bytes = (blocks + 1) / 2;
    Tensor rows(DataType::UInt8, {columns, row_bytes});
    auto* to = rows.mutable_data<std::uint8_t>();
    std::fill_n(to, rows.size(), std::uint8_t{0});
    for (std::int64_t b = 0; b < blocks; ++b)
      for (std::int64_t c = 0; c < columns; ++c)
        to[c * row_bytes + b / 2] = static_cast<std::uint8_t>(
            to[c * row_bytes + b / 2] | zeros.data<std::uint8_t>()[b * columns + c] << (b % 2 * 4));
    return rows;
  }

  GraphRewriter& graph_;
  const BlockOptions& options_;
};

ModelPointer with_import(const ModelPointer& model, const std::string& domain) {
  if (model->opset(domain) > 0) return model;
  Model changed = *model;
  changed.opset_imports.push_back({domain, 1});
  return std::make_shared<const Model>(std::move(changed));
}

void check_block_size(const BlockOptions& options) {
  const std::int64_t size = options.block_size;
  const bool is_power = size > 0 && (size & (size - 1)) == 0;
  if (size < 2 || (options.form == BlockForm::MatMulNBits && (!is_power || size < least_bits_block)))
    throw Error("a block cannot have " + std::to_string(size) + " numbers", Error::Kind::Usage)
        .advice(options.form == BlockForm::MatMulNBits ? "MatMulNBits has blocks of 16, 32, 64, …"
                                                       : "Usual are 32 and 128");
}

}  // namespace

PrecisionConversion quantize_weights_only(const ModelPointer& model, const BlockOptions& options) {
  check_block_size(options);
  PrecisionConversion result;
  result.model = rewrite_graphs(model, {}, [&](GraphRewriter& graph) {
                   BlockWriter writer(graph, options);
                   const std::size_t count = graph.size();
                   for (std::size_t i = 0; i < count; ++i) {
                     const Node& node = *graph.node(i);
                     if (!is_standard(node, "MatMul") && !is_standard(node, "Gemm")) continue;
                     if (std::string reason = writer.refusal(node); !reason.empty()) {
                       result.kept.push_back({node.label(), node.op_type, reason});
                       continue;
                     }
                     result.changed.push_back(node.label());
                     writer.write(i);
                   }
                 }).model;
  if (options.form == BlockForm::MatMulNBits && !result.changed.empty())
    result.model = with_import(result.model, "com.microsoft");
  return result;
}

}  // namespace lapidary
