#include <array>
#include <cstring>

#include "engine/cpu/kernels.h"
#include "engine/cpu/products.h"

namespace lapidary::cpu {
namespace {

using dnnl::memory;

/// Sizes of one LSTM layer: T steps of a batch of N vectors of I numbers, H of them hidden.
struct Sizes {
  std::int64_t steps, batch, input, hidden;
};

/// ONNX stacks the gates input, output, forget, cell; oneDNN wants input, forget, cell, output.
constexpr std::array<std::int64_t, 4> gate_place = {0, 3, 1, 2};

/// W [1, 4H, I] (or R [1, 4H, H]) as [I, 4, H] with the gates in oneDNN's order.
Tensor arranged_weights(const Tensor& weights, std::int64_t width, std::int64_t hidden) {
  Tensor made(DataType::Float32, {1, 1, width, 4, hidden});
  const float* from = weights.data<float>();
  float* const to = made.mutable_data<float>();
  for (std::size_t gate = 0; gate < 4; ++gate)
    for (std::int64_t h = 0; h < hidden; ++h)
      for (std::int64_t i = 0; i < width; ++i) to[(i * 4 + gate_place[gate]) * hidden + h] = *from++;
  return made;
}

/// B [1, 8H] holds one bias for the input and one for the recurrence; their sum is what counts.
Tensor summed_bias(const Tensor* bias, std::int64_t hidden) {
  std::vector<float> sums(static_cast<std::size_t>(4 * hidden), 0.0f);
  if (bias) {
    const auto numbers = values_as<float>(*bias);
    for (std::int64_t gate = 0; gate < 4; ++gate)
      for (std::int64_t h = 0; h < hidden; ++h)
        sums[static_cast<std::size_t>(gate_place[static_cast<std::size_t>(gate)] * hidden + h)] =
            numbers[static_cast<std::size_t>(gate * hidden + h)] +
            numbers[static_cast<std::size_t>((4 + gate) * hidden + h)];
  }
  return Tensor::of({1, 1, 4, hidden}, sums);
}

std::string refusal(const LoweredGraph& graph, const LoweredNode& node) {
  const Node& given = *node.node;
  for (const std::size_t slot : {0, 1, 2})
    if (!graph.is_float(node.inputs[slot])) return "not float32";
  if (!graph.constant(node, 1) || !graph.constant(node, 2)) return "weights are not constant";
  if (graph.has_input(node, 3) && !graph.constant(node, 3)) return "bias is not constant";
  if (graph.has_input(node, 4) || graph.has_input(node, 7)) return "lengths of sequences, or peepholes";
  if (given.attribute_or("direction", std::string("forward")) == "bidirectional")
    return "both directions at once";
  if (given.find_attribute("activations") || given.find_attribute("clip") ||
      given.attribute_or("input_forget", std::int64_t{0}) != 0 ||
      given.attribute_or("layout", std::int64_t{0}) != 0)
    return "other activations, clipping, coupled gates or batch first";
  return "";
}

/// An initial state, or zeros where the node has none.
BufferId state_of(Planner& planner, const LoweredNode& node, std::size_t slot, const Sizes& sizes) {
  if (planner.graph.has_input(node, slot)) return planner.plain(node.inputs[slot]);
  const auto count = static_cast<std::size_t>(sizes.batch * sizes.hidden);
  return planner.keep(Tensor::of({sizes.batch, sizes.hidden}, std::vector<float>(count, 0.0f)));
}

}  // namespace

std::string plan_lstm(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (auto reason = refusal(graph, node); !reason.empty()) return reason;
  const Dims& x = graph.input(node, 0).dims;
  const Sizes sizes{x[0], x[1], x[2], graph.input(node, 2).dims[2]};
  const Layout source = plain_layout(x), state = plain_layout({1, 1, sizes.batch, sizes.hidden});
  const Layout bias = plain_layout({1, 1, 4, sizes.hidden}),
               result = plain_layout({sizes.steps, sizes.batch, sizes.hidden});
  const auto any = [&](std::int64_t width) {
    return Layout({1, 1, width, 4, sizes.hidden}, memory::data_type::f32, memory::format_tag::any);
  };
  const bool reverse = node.node->attribute_or("direction", std::string("forward")) == "reverse";
  const dnnl::lstm_forward::primitive_desc description(
      dnnl::lstm_forward::desc(dnnl::prop_kind::forward_inference,
                               reverse ? dnnl::rnn_direction::unidirectional_right2left
                                       : dnnl::rnn_direction::unidirectional_left2right,
                               source, state, state, any(sizes.input), any(sizes.hidden), bias, result, state,
                               state),
      plain_attributes(), engine());
  const auto pack = [&](std::size_t slot, std::int64_t width, const Layout& wanted) {
    const Tensor arranged = arranged_weights(graph.constant(node, slot)->aligned(), width, sizes.hidden);
    return planner.packed(arranged, plain_layout(arranged.dims()), wanted);
  };
  const auto output = [&](std::size_t slot, const Layout& layout) {
    const bool wanted = slot < node.outputs.size() && node.outputs[slot] >= 0;
    return wanted ? planner.define(node.outputs[slot]) : planner.make(size_bytes(layout));
  };
  std::vector<Planner::Argument> arguments = {
      {DNNL_ARG_SRC_LAYER, planner.plain(node.inputs[0]), source},
      {DNNL_ARG_SRC_ITER, state_of(planner, node, 5, sizes), state},
      {DNNL_ARG_SRC_ITER_C, state_of(planner, node, 6, sizes), state},
      {DNNL_ARG_WEIGHTS_LAYER, pack(1, sizes.input, description.weights_layer_desc()),
       description.weights_layer_desc()},
      {DNNL_ARG_WEIGHTS_ITER, pack(2, sizes.hidden, description.weights_iter_desc()),
       description.weights_iter_desc()},
      {DNNL_ARG_BIAS, planner.keep(summed_bias(graph.constant(node, 3), sizes.hidden)), bias},
      {DNNL_ARG_DST_LAYER, output(0, result), result, true},
      {DNNL_ARG_DST_ITER, output(1, state), state, true},
      {DNNL_ARG_DST_ITER_C, output(2, state), state, true}};
  planner.add_primitive(node, description, dnnl::lstm_forward(description), std::move(arguments));
  return "";
}

}  // namespace lapidary::cpu
