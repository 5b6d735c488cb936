#include <cstring>

#include "engine/cpu/kernels.h"
#include "engine/cpu/parallel.h"
#include "engine/cpu/products.h"
#include "engine/cpu/session.h"

namespace lapidary::cpu {
namespace {

/// Weights [C, O, kh, kw] as the matrix [C, kh·kw·O].
Tensor as_matrix(const Tensor& weights) {
  const Dims& dims = weights.dims();
  const std::int64_t outputs = dims[1], taps = dims[2] * dims[3];
  Tensor matrix(DataType::Float32, {dims[0], taps * outputs});
  const float* from = weights.data<float>();
  float* to = matrix.mutable_data<float>();
  for (std::int64_t c = 0; c < dims[0]; ++c)
    for (std::int64_t o = 0; o < outputs; ++o)
      for (std::int64_t tap = 0; tap < taps; ++tap) to[(c * taps + tap) * outputs + o] = *from++;
  return matrix;
}

Tensor repeated(const Tensor& bias, std::int64_t times) {
  const auto numbers = values_as<float>(bias);
  std::vector<float> all;
  for (std::int64_t i = 0; i < times; ++i) all.insert(all.end(), numbers.begin(), numbers.end());
  return Tensor::of({1, static_cast<std::int64_t>(all.size())}, all);
}

std::string refusal(const LoweredGraph& graph, const LoweredNode& node) {
  if (!graph.is_float(node.inputs[0]) || !graph.is_float(node.inputs[1])) return "not float32";
  if (!graph.input(node, 1).is_constant() || graph.input(node, 0).dims.size() != 4)
    return "not over images with constant weights";
  if (graph.has_input(node, 2) && !graph.constant(node, 2)) return "bias is not constant";
  if (node.node->attribute_or("group", std::int64_t{1}) != 1 || has_binary_post_ops(node))
    return "groups, or a residual";
  const Dims& in = graph.input(node, 0).dims;
  const Dims& out = graph.output(node).dims;
  const Dims& weights = graph.input(node, 1).dims;
  const Window window = window_of(node, in, out, {weights[2], weights[3]});
  for (std::size_t i = 0; i < 2; ++i)
    if (window.strides[i] != window.kernel[i] || window.dilations[i] != 1 || window.pads_begin[i] != 0 ||
        out[i + 2] != in[i + 2] * window.kernel[i])
      return "windows overlap or leave gaps";
  return "";
}

}  // namespace

std::string plan_upsampling_convolution(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (auto reason = refusal(graph, node); !reason.empty()) return reason;
  const Dims in = graph.input(node, 0).dims, out = graph.output(node).dims, taps = graph.input(node, 1).dims;
  const std::int64_t pixels = in[0] * in[2] * in[3], width = taps[2] * taps[3] * taps[1];
  const MemoryOrder channels_last{{0, 2, 3, 1}, 0};
  const Layout a = plain_layout({pixels, in[1]}), result = plain_layout({pixels, width}),
               bias = plain_layout({1, width});
  const Layout any({in[1], width}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::any);
  const bool has_bias = graph.has_input(node, 2);
  const auto made = product_attributes(planner, node, result, result);
  const dnnl::matmul::primitive_desc description(
      has_bias ? dnnl::matmul::desc(a, any, bias, result) : dnnl::matmul::desc(a, any, result),
      made.attributes, engine());
  const Tensor matrix = as_matrix(graph.constant(node, 1)->aligned());
  std::vector<Planner::Argument> arguments = {
      {DNNL_ARG_SRC, planner.in_layout(node.inputs[0], layout_in_order(in, channels_last)), a},
      {DNNL_ARG_WEIGHTS, planner.packed(matrix, plain_layout(matrix.dims()), description.weights_desc()),
       description.weights_desc()}};
  if (has_bias)
    arguments.push_back(
        {DNNL_ARG_BIAS, planner.keep(repeated(*graph.constant(node, 2), taps[2] * taps[3])), bias});
  const BufferId product = planner.make(pixels * width * 4);
  arguments.push_back({DNNL_ARG_DST, product, result, true});
  planner.add_primitive(node, description, dnnl::matmul(description), std::move(arguments));
  // [N·H·W, kh, kw·O] → [N·H, kh, W, kw·O]: what lies beside each other stays so, rows of windows are
  // interleaved.
  const BufferId to = planner.define(node.outputs[0], layout_in_order(out, channels_last));
  const std::int64_t lines = in[0] * in[2], columns = in[3], rows = taps[2], run = taps[3] * taps[1];
  const int threads = planner.services.threads;
  planner.add_step(node, "memcpy", {product}, {to}, [=](Session& session) {
    const float* const from = session.read<float>(product);
    float* const into = session.write<float>(to);
    parallel_for(lines, 0.4 * static_cast<double>(lines * columns * rows * run), threads,
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t line = begin; line < end; ++line)
                     for (std::int64_t row = 0; row < rows; ++row)
                       for (std::int64_t column = 0; column < columns; ++column) {
                         const float* const source = from + ((line * columns + column) * rows + row) * run;
                         float* const target = into + ((line * rows + row) * columns + column) * run;
                         for (std::int64_t i = 0; i < run; ++i) target[i] = source[i];
                       }
                 });
  });
  return "";
}

}  // namespace lapidary::cpu
