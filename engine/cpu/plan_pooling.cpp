#include "engine/cpu/kernels.h"
#include "engine/cpu/products.h"

namespace lapidary::cpu {
namespace {

using dnnl::algorithm;
using dnnl::memory;

memory::data_type type_of(DataType element) {
  return element == DataType::UInt8  ? memory::data_type::u8
         : element == DataType::Int8 ? memory::data_type::s8
                                     : memory::data_type::f32;
}

Layout channels_last(const Dims& dims, memory::data_type type) {
  Dims strides(dims.size());
  strides[1] = 1;
  std::int64_t distance = dims[1];
  for (std::size_t axis = dims.size(); axis-- > 2; distance *= dims[axis]) strides[axis] = distance;
  strides[0] = distance;
  return {dims, type, strides};
}

std::string plan(Planner& planner, const LoweredNode& node, algorithm kind, const Window& window) {
  const Dims& dims = planner.graph.output(node).dims;
  Layout source = planner.layout_of(node.inputs[0]);
  // Of 8-bit numbers there are only kernels with the channels innermost.
  if (planner.graph.input(node, 0).element != DataType::Float32 && planner.is_plain(node.inputs[0]))
    source = channels_last(planner.graph.input(node, 0).dims, source.data_type());
  Dims dilations = window.dilations;
  for (auto& dilation : dilations) --dilation;
  const dnnl::pooling_v2_forward::primitive_desc description(
      dnnl::pooling_v2_forward::desc(
          dnnl::prop_kind::forward_inference, kind, source,
          Layout(dims, type_of(planner.graph.output(node).element), memory::format_tag::any), window.strides,
          window.kernel, dilations, window.pads_begin, window.pads_end),
      plain_attributes(), engine());
  const BufferId from = planner.in_layout(node.inputs[0], source);
  const BufferId to = planner.define(node.outputs[0], description.dst_desc());
  planner.add_primitive(node, description, dnnl::pooling_v2_forward(description),
                        {{DNNL_ARG_SRC, from, source}, {DNNL_ARG_DST, to, description.dst_desc(), true}});
  return "";
}

std::string refusal(const LoweredGraph& graph, const LoweredNode& node) {
  const DataType element = graph.input(node, 0).element;
  const bool is_maximum_of_8_bits = (node.op == "MaxPool" || node.op == "GlobalMaxPool") &&
                                    (element == DataType::UInt8 || element == DataType::Int8);
  if (!is_maximum_of_8_bits && (!graph.is_float(node.inputs[0]) || !graph.is_float(node.outputs[0])))
    return "not float32";
  const std::size_t rank = graph.input(node, 0).dims.size();
  return rank < 3 || rank > 5 ? "only 1 to 3 spatial axes" : "";
}

}  // namespace

std::string plan_pooling(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (auto reason = refusal(graph, node); !reason.empty()) return reason;
  if (node.outputs.size() > 1 && node.outputs[1] >= 0) return "indices are wanted";
  const Window window = window_of(node, graph.input(node, 0).dims, graph.output(node).dims,
                                  node.node->attribute_or("kernel_shape", Dims{}));
  const Dims given = node.node->attribute_or("pads", Dims(2 * window.kernel.size(), 0));
  const bool counts_padding = node.node->attribute_or("count_include_pad", std::int64_t{0}) != 0;
  for (std::size_t i = 0; i < window.kernel.size(); ++i) {
    const std::int64_t extent = (window.kernel[i] - 1) * window.dilations[i] + 1;
    if (window.pads_begin[i] >= extent || window.pads_end[i] >= extent) return "more padding than window";
    if (counts_padding && window.pads_end[i] > given[window.kernel.size() + i])
      return "windows that end beyond the padding";
  }
  const bool average = node.op == "AveragePool";
  return plan(planner, node,
              !average         ? algorithm::pooling_max
              : counts_padding ? algorithm::pooling_avg_include_padding
                               : algorithm::pooling_avg_exclude_padding,
              window);
}

std::string plan_global_pooling(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (auto reason = refusal(graph, node); !reason.empty()) return reason;
  const Dims& dims = graph.input(node, 0).dims;
  Window window;
  window.kernel.assign(dims.begin() + 2, dims.end());
  window.strides = window.dilations = Dims(window.kernel.size(), 1);
  window.pads_begin = window.pads_end = Dims(window.kernel.size(), 0);
  return plan(planner, node,
              node.op == "GlobalMaxPool" ? algorithm::pooling_max : algorithm::pooling_avg_exclude_padding,
              window);
}

}  // namespace lapidary::cpu
