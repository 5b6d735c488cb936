#include "engine/cpu/kernels.h"
#include "engine/cpu/products.h"

namespace lapidary::cpu {
namespace {

using dnnl::algorithm;
using dnnl::memory;
using dnnl::prop_kind;

Layout any_layout(const Dims& dims) { return {dims, memory::data_type::f32, memory::format_tag::any}; }

/// Weights [O, I/G, k…] seen as [G, O/G, I/G, k…]; those of a transposed convolution [I, O/G, k…] as [G, O/G,
/// I/G, k…].
Layout weights_layout(const Dims& dims, std::int64_t groups, bool transposed) {
  if (!transposed) {
    if (groups == 1) return plain_layout(dims);
    Dims grouped = dims;
    grouped[0] /= groups;
    grouped.insert(grouped.begin(), groups);
    return plain_layout(grouped);
  }
  Dims shown = dims;  // [I/G, O/G, k…]
  shown[0] /= groups;
  Dims strides(shown.size(), 1);
  for (std::size_t i = shown.size() - 1; i-- > 0;) strides[i] = strides[i + 1] * shown[i + 1];
  const std::int64_t group_stride = strides[0] * shown[0];
  std::swap(shown[0], shown[1]);
  std::swap(strides[0], strides[1]);
  if (groups > 1) {
    shown.insert(shown.begin(), groups);
    strides.insert(strides.begin(), group_stride);
  }
  return {shown, memory::data_type::f32, strides};
}

/// All that both kinds of convolution need to be described.
struct Convolution {
  Layout source, weights, bias, result;
  Window window;
};

dnnl::convolution_forward::primitive_desc describe(const Convolution& c,
                                                   const dnnl::primitive_attr& attributes) {
  Dims dilations = c.window.dilations;
  for (auto& dilation : dilations) --dilation;  // oneDNN counts the gaps
  const auto make = [&](auto... bias) {
    return dnnl::convolution_forward::desc(prop_kind::forward_inference, algorithm::convolution_direct,
                                           c.source, c.weights, bias..., c.result, c.window.strides,
                                           dilations, c.window.pads_begin, c.window.pads_end);
  };
  return {c.bias.data.ndims ? make(c.bias) : make(), attributes, engine()};
}

dnnl::deconvolution_forward::primitive_desc describe_transposed(const Convolution& c,
                                                                const dnnl::primitive_attr& attributes) {
  Dims dilations = c.window.dilations;
  for (auto& dilation : dilations) --dilation;
  const auto make = [&](auto... bias) {
    return dnnl::deconvolution_forward::desc(prop_kind::forward_inference, algorithm::deconvolution_direct,
                                             c.source, c.weights, bias..., c.result, c.window.strides,
                                             dilations, c.window.pads_begin, c.window.pads_end);
  };
  return {c.bias.data.ndims ? make(c.bias) : make(), attributes, engine()};
}

/// The source as the convolution shall read it: in whatever layout suits it, except that one which lies in
/// blocks stays.
Layout source_layout(Planner& planner, ValueId source) {
  const Dims& dims = planner.graph.values[source].dims;
  if (planner.is_plain(source)) return any_layout(dims);
  const Layout& layout = planner.layout_of(source);
  return layout.data.format_desc.blocking.inner_nblks > 0 ? layout : any_layout(dims);
}

template <class Primitive, class Describe>
std::string plan(Planner& planner, const LoweredNode& node, Convolution c, Describe describe_with) {
  const bool transposed = node.op == "ConvTranspose";
  Layout result = any_layout(planner.graph.output(node).dims);
  auto description = [&] {
    c.result = result;
    return describe_with(c, plain_attributes());
  };
  if (has_binary_post_ops(node)) result = description().dst_desc();
  c.result = result;
  const auto made = product_attributes(planner, node, result, result);
  auto chosen = describe_with(c, made.attributes);
  const std::int64_t groups = node.node->attribute_or("group", std::int64_t{1});
  const ValueId weights = node.inputs[1];
  const LoweredValue& weight_value = planner.graph.values[weights];
  const BufferId source = planner.in_layout(node.inputs[0], chosen.src_desc());
  const Layout given = weights_layout(weight_value.dims, groups, transposed);
  const BufferId packed = planner.packed(weight_value.constant, given, chosen.weights_desc());
  auto arguments = made.arguments;
  arguments.push_back({DNNL_ARG_SRC, source, chosen.src_desc()});
  arguments.push_back({DNNL_ARG_WEIGHTS, packed, chosen.weights_desc()});
  if (c.bias.data.ndims)
    arguments.push_back({DNNL_ARG_BIAS, planner.plain(node.inputs[2]), chosen.bias_desc()});
  const BufferId destination = define_result(planner, node, made, chosen.dst_desc());
  arguments.push_back({DNNL_ARG_DST, destination, chosen.dst_desc(), true});
  planner.add_primitive(node, chosen, Primitive(chosen), std::move(arguments));
  return "";
}

}  // namespace

std::string plan_convolution(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  const bool transposed = node.op == "ConvTranspose";
  if (!graph.is_float(node.inputs[0]) || !has_float_weights(graph, node)) return "not float32";
  const LoweredValue& source = graph.input(node, 0);
  const LoweredValue& weights = graph.input(node, 1);
  if (source.dims.size() < 3 || source.dims.size() > 5) return "only 1 to 3 spatial axes";
  if (!weights.is_constant()) return "weights are not constant";
  const std::int64_t groups = node.node->attribute_or("group", std::int64_t{1});
  const Dims kernel(weights.dims.begin() + 2, weights.dims.end());
  Convolution c;
  c.window = window_of(node, source.dims, graph.output(node).dims, kernel);
  for (std::size_t i = 0; i < kernel.size(); ++i)
    if (c.window.pads_begin[i] < 0 || c.window.pads_begin[i] >= kernel[i] * c.window.dilations[i] + 1)
      return "unusual padding";
  c.source = source_layout(planner, node.inputs[0]);
  c.weights = Layout(weights_layout(weights.dims, groups, transposed).dims(), memory::data_type::f32,
                     memory::format_tag::any);
  if (graph.has_input(node, 2)) {
    if (!graph.is_float(node.inputs[2])) return "bias is not float32";
    c.bias = plain_layout(graph.input(node, 2).dims);
  }
  if (transposed) return plan<dnnl::deconvolution_forward>(planner, node, c, describe_transposed);
  return plan<dnnl::convolution_forward>(planner, node, c, describe);
}

}  // namespace lapidary::cpu
