#include <oneapi/dnnl/dnnl.h>

#include <algorithm>

#include "engine/cpu/kernels.h"
#include "engine/cpu/parallel.h"
#include "engine/cpu/session.h"

// Products with weights of 2, 4 or 8 bits that share scales in blocks: a few rows of weights at a time become
// numbers, so that the matrix never stands in memory as such.
namespace lapidary::cpu {
namespace {

/// Weights [N, K] as N rows of packed bytes; blocks of a row share a scale and a zero point.
struct BlockWeights {
  std::int64_t bits, block, columns, depth, blocks;
  std::vector<float> scales, zeros;  ///< [N, blocks]

  std::int64_t row_bytes() const { return blocks * block * bits / 8; }
};

/// Whole numbers of `bits` each from `count` bytes, low bits first.
void unpack(std::int64_t bits, const std::uint8_t* bytes, std::int64_t count, std::uint8_t* to) {
  if (bits == 8) {
    std::copy_n(bytes, count, to);
  } else if (bits == 4) {
    for (std::int64_t i = 0; i < count; ++i) {
      to[2 * i] = bytes[i] & 15;
      to[2 * i + 1] = bytes[i] >> 4;
    }
  } else {
    for (std::int64_t i = 0; i < 4 * count; ++i)
      to[i] = static_cast<std::uint8_t>(bytes[i / 4] >> (2 * (i % 4)) & 3);
  }
}

/// Row `row` as blocks · block numbers; `whole` has room for as many.
void read_row(const BlockWeights& w, const std::uint8_t* bytes, std::int64_t row, std::uint8_t* whole,
              float* to) {
  unpack(w.bits, bytes + row * w.row_bytes(), w.row_bytes(), whole);
  for (std::int64_t b = 0; b < w.blocks; ++b) {
    const auto place = static_cast<std::size_t>(row * w.blocks + b);
    const float scale = w.scales[place], zero = w.zeros[place];
    const std::uint8_t* const from = whole + b * w.block;
    float* const out = to + b * w.block;
    for (std::int64_t i = 0; i < w.block; ++i) out[i] = (static_cast<float>(from[i]) - zero) * scale;
  }
}

std::vector<float> zero_points(const LoweredGraph& graph, const LoweredNode& node, const BlockWeights& w) {
  const auto count = static_cast<std::size_t>(w.columns * w.blocks);
  if (!graph.has_input(node, 3))
    return std::vector<float>(count, static_cast<float>(std::int64_t{1} << (w.bits - 1)));
  const Tensor given = graph.constant(node, 3)->aligned();
  if (given.type() != DataType::UInt8) return values_as<float>(given);
  const std::int64_t row_bytes = given.size() / w.columns, values = row_bytes * 8 / w.bits;
  std::vector<std::uint8_t> row(static_cast<std::size_t>(values));
  std::vector<float> zeros;
  if (values < w.blocks) return zeros;
  for (std::int64_t n = 0; n < w.columns; ++n) {
    unpack(w.bits, given.data<std::uint8_t>() + n * row_bytes, row_bytes, row.data());
    zeros.insert(zeros.end(), row.begin(), row.begin() + w.blocks);
  }
  return zeros;
}

/// Y [rows, N] = A [rows, K] · Wᵀ + bias.
struct BlockProduct {
  BlockWeights weights;
  std::vector<float> bias;
  std::int64_t rows = 1;
  BufferId a = -1, packed = -1, y = -1;
  int threads = 1;
};

void multiply_columns(const BlockProduct& p, Session& session, std::int64_t first, std::int64_t count) {
  const BlockWeights& w = p.weights;
  const std::int64_t width = w.blocks * w.block;
  thread_local std::vector<float> numbers;
  thread_local std::vector<std::uint8_t> whole;
  numbers.resize(std::max(numbers.size(), static_cast<std::size_t>(count * width)));
  whole.resize(std::max(whole.size(), static_cast<std::size_t>(width)));
  for (std::int64_t i = 0; i < count; ++i)
    read_row(w, session.read<std::uint8_t>(p.packed), first + i, whole.data(), numbers.data() + i * width);
  float* const y = session.write<float>(p.y) + first;
  dnnl_sgemm('N', 'T', p.rows, count, w.depth, 1, session.read<float>(p.a), w.depth, numbers.data(), width, 0,
             y, w.columns);
  if (p.bias.empty()) return;
  for (std::int64_t row = 0; row < p.rows; ++row)
    for (std::int64_t i = 0; i < count; ++i)
      y[row * w.columns + i] += p.bias[static_cast<std::size_t>(first + i)];
}

void run(const BlockProduct& p, Session& session) {
  constexpr std::int64_t at_a_time = 32;
  const std::int64_t parts = (p.weights.columns + at_a_time - 1) / at_a_time;
  const double work =
      static_cast<double>(p.weights.columns * p.weights.depth) * (0.5 + 0.05 * static_cast<double>(p.rows));
  parallel_for(parts, work, p.threads, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      multiply_columns(p, session, i * at_a_time, std::min(at_a_time, p.weights.columns - i * at_a_time));
  });
}

}  // namespace

std::string plan_block_weights(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (!graph.is_float(node.inputs[0]) || !graph.is_float(node.outputs[0])) return "not float32";
  for (const std::size_t slot : {1, 2, 3, 5})
    if ((slot < 3 || graph.has_input(node, slot)) && !graph.constant(node, slot))
      return "weights are not constant";
  const Node& given = *node.node;
  BlockWeights w;
  w.bits = given.attribute_or("bits", std::int64_t{4});
  w.block = given.attribute_or("block_size", std::int64_t{0});
  w.columns = given.attribute_or("N", std::int64_t{0});
  w.depth = given.attribute_or("K", std::int64_t{0});
  if ((w.bits != 2 && w.bits != 4 && w.bits != 8) || w.block < 8 || w.columns < 1 || w.depth < 1 ||
      given.attribute_or("weight_prepacked", std::int64_t{0}) != 0)
    return "an unusual form of weights";
  w.blocks = (w.depth + w.block - 1) / w.block;
  w.scales = values_as<float>(*graph.constant(node, 2));
  w.zeros = zero_points(graph, node, w);
  const Tensor bytes = graph.constant(node, 1)->aligned();
  const auto wanted = static_cast<std::size_t>(w.columns * w.blocks);
  const Dims& a = graph.input(node, 0).dims;
  if (w.scales.size() != wanted || w.zeros.size() != wanted || bytes.type() != DataType::UInt8 ||
      bytes.size() != w.columns * w.row_bytes() || a.empty() || a.back() != w.depth)
    return "sizes that do not fit each other";
  auto product = std::make_shared<BlockProduct>();
  if (graph.has_input(node, 5)) product->bias = values_as<float>(*graph.constant(node, 5));
  if (!product->bias.empty() && static_cast<std::int64_t>(product->bias.size()) != w.columns)
    return "sizes that do not fit each other";
  product->rows = graph.input(node, 0).size() / w.depth;
  product->weights = std::move(w);
  product->a = planner.plain(node.inputs[0]);
  product->packed = planner.keep(bytes);
  product->y = planner.define(node.outputs[0]);
  product->threads = planner.services.threads;
  planner.add_step(node, "oneDNN gemm on unpacked rows", {product->a}, {product->y},
                   [product](Session& session) { run(*product, session); });
  return "";
}

}  // namespace lapidary::cpu
