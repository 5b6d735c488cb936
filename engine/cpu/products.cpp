#include "engine/cpu/products.h"

#include <algorithm>

namespace lapidary::cpu {
namespace {

using dnnl::algorithm;

void append_unary(dnnl::post_ops& operations, const ElementStep& step) {
  const auto add = [&](algorithm kind, float alpha, float beta) {
    operations.append_eltwise(1.0f, kind, alpha, beta);
  };
  switch (step.code) {
    case ElementCode::Affine:
      return add(algorithm::eltwise_linear, step.alpha, step.beta);
    case ElementCode::Relu:
      return add(algorithm::eltwise_relu, step.alpha, 0);
    case ElementCode::Clip:
      return add(algorithm::eltwise_clip, step.alpha, step.beta);
    case ElementCode::Abs:
      return add(algorithm::eltwise_abs, 0, 0);
    case ElementCode::Neg:
      return add(algorithm::eltwise_linear, -1, 0);
    case ElementCode::Exp:
      return add(algorithm::eltwise_exp, 0, 0);
    case ElementCode::Sqrt:
      return add(algorithm::eltwise_sqrt, 0, 0);
    case ElementCode::Square:
      return add(algorithm::eltwise_square, 0, 0);
    case ElementCode::Sigmoid:
      return add(algorithm::eltwise_logistic, 0, 0);
    case ElementCode::Tanh:
      return add(algorithm::eltwise_tanh, 0, 0);
    case ElementCode::Gelu:
      return add(algorithm::eltwise_gelu_erf, 0, 0);
    case ElementCode::GeluTanh:
      return add(algorithm::eltwise_gelu_tanh, 0, 0);
    case ElementCode::Elu:
      return add(algorithm::eltwise_elu, step.alpha, 0);
    case ElementCode::HardSwish:
      return add(algorithm::eltwise_hardswish, 0, 0);
    case ElementCode::Swish:
      return add(algorithm::eltwise_swish, step.alpha, 0);
    case ElementCode::HardSigmoid:
      add(algorithm::eltwise_linear, step.alpha, step.beta);
      return add(algorithm::eltwise_clip, 0, 1);
    default:
      throw Error("an element-wise operator that a product cannot do was fused into one");
  }
}

}  // namespace

bool has_float_weights(const LoweredGraph& graph, const LoweredNode& node) {
  const Tensor* weights = graph.constant(node, 1);
  return graph.is_float(node.inputs[1]) ||
         (weights && is_floating(weights->type()) && bits_of(weights->type()) == 16);
}

dnnl::primitive_attr plain_attributes() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

bool has_binary_post_ops(const LoweredNode& node) {
  return std::any_of(node.post_ops.begin(), node.post_ops.end(),
                     [](const PostOp& op) { return op.input >= 0; });
}

ProductAttributes product_attributes(Planner& planner, const LoweredNode& node, const Layout& layout,
                                     const Layout& seen) {
  ProductAttributes made;
  made.attributes = plain_attributes();
  dnnl::post_ops operations;
  for (const PostOp& op : node.post_ops) {
    if (op.input < 0) {
      append_unary(operations, op.step);
      continue;
    }
    const ValueId other = node.inputs[op.input];
    if (op.step.code == ElementCode::Add && made.accumulated < 0 && planner.may_overwrite(other) &&
        !planner.share_bytes(other, node.inputs[0]) && !planner.share_bytes(other, node.inputs[1])) {
      made.accumulated = other;
      operations.append_sum();
      continue;
    }
    const bool adds = op.step.code == ElementCode::Add;
    operations.append_binary(adds ? algorithm::binary_add : algorithm::binary_mul, seen);
    made.arguments.push_back({DNNL_ARG_ATTR_MULTIPLE_POST_OP(operations.len() - 1) | DNNL_ARG_SRC_1,
                              planner.in_layout(other, layout), seen});
  }
  made.attributes.set_post_ops(operations);
  return made;
}

BufferId define_result(Planner& planner, const LoweredNode& node, const ProductAttributes& attributes,
                       const Layout& layout) {
  if (attributes.accumulated < 0) return planner.define(node.outputs[0], layout);
  const BufferId buffer = planner.in_layout(attributes.accumulated, layout);
  planner.define_view(node.outputs[0], buffer, layout);
  return buffer;
}

Window window_of(const LoweredNode& node, const Dims& input, const Dims& output, Dims kernel) {
  const std::size_t axes = kernel.size();
  Window window;
  window.kernel = std::move(kernel);
  const auto list = [&](const char* name, std::int64_t otherwise) {
    Dims numbers = node.node->attribute_or(name, Dims{});
    numbers.resize(axes, otherwise);
    return numbers;
  };
  window.strides = list("strides", 1);
  window.dilations = list("dilations", 1);
  Dims pads = node.node->attribute_or("pads", Dims{});
  pads.resize(2 * axes, 0);
  window.pads_begin.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(axes));
  window.pads_end.assign(pads.begin() + static_cast<std::ptrdiff_t>(axes), pads.end());
  const bool transposed = node.op == "ConvTranspose";
  const std::string automatic = node.node->attribute_or("auto_pad", std::string("NOTSET"));
  for (std::size_t i = 0; i < axes; ++i) {
    const std::int64_t extent = (window.kernel[i] - 1) * window.dilations[i] + 1;
    const std::int64_t in = transposed ? output[i + 2] : input[i + 2];
    const std::int64_t out = transposed ? input[i + 2] : output[i + 2];
    if (automatic == "VALID") window.pads_begin[i] = 0;
    if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
      const std::int64_t all = std::max<std::int64_t>(0, (out - 1) * window.strides[i] + extent - in);
      window.pads_begin[i] = automatic == "SAME_UPPER" ? all / 2 : all - all / 2;
    }
    // What the output's size asks for at the end; negative where the window stops before the input's last
    // element.
    window.pads_end[i] = (out - 1) * window.strides[i] + extent - in - window.pads_begin[i];
  }
  return window;
}

}  // namespace lapidary::cpu
