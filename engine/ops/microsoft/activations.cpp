#include "engine/ops/element_move.h"
#include "engine/ops/microsoft/microsoft.h"

namespace lapidary::microsoft {
namespace {

constexpr double gelu_flops = 14;

/// Input 0, with input 1 added where it is there.
Tensor biased(const KernelContext& context) {
  const Tensor& x = context.input(0);
  return context.has_input(1) ? compute(context, "Add", {x, context.input(1)}) : x;
}

/// Output 0 = gelu(x), or gelu(x + bias).
void gelu(KernelContext& context) { context.set_output(0, compute(context, "Gelu", {biased(context)})); }

void fast_gelu(KernelContext& context) {
  context.set_output(0, compute(context, "Gelu", {biased(context)}, {{"approximate", std::string("tanh")}}));
}

void quick_gelu(KernelContext& context) {
  context.set_output(
      0, compute(context, "Swish", {context.input(0)}, {{"alpha", context.real("alpha", 1.702f)}}));
}

/// x + bias is cut in two along its last axis: left · gelu(right).
void bias_split_gelu(KernelContext& context) {
  const Tensor sum = biased(context);
  if (sum.rank() == 0) throw Error("a scalar cannot be halved");
  const std::int64_t size = sum.dims().back(), axis = sum.rank() - 1;
  if (size % 2 != 0) throw Error("a size of " + std::to_string(size) + " cannot be halved");
  const Tensor gate = compute(context, "Gelu", {section(sum, axis, size / 2, size / 2)});
  context.set_output(0, compute(context, "Mul", {section(sum, axis, 0, size / 2), gate}));
}

void infer_bias_split_gelu(InferenceContext& context) {
  auto shape = context.input_shape(0);
  if (shape && !shape->empty()) shape->back() = floor_div(shape->back(), 2);
  context.set_output(0, context.input_element(0), shape);
}

void bias_add(KernelContext& context) {
  context.set_output(0, compute(context, "Add", {biased(context), context.input(2)}));
}

/// softmax(data + bias) over all axes from `axis` on. A bias of fewer sizes repeats: inside, where its axes
/// of size 1 stand, or outside, over the leading axes.
void bias_softmax(KernelContext& context) {
  const Tensor& data = context.input(0);
  const std::int64_t axis = context.normalized_axis(context.integer("axis", 1), data.rank());
  const Tensor sum = biased(context);
  Dims rows{1, 1};
  for (std::int64_t i = 0; i < data.rank(); ++i)
    rows[i < axis ? 0 : 1] *= data.dims()[static_cast<std::size_t>(i)];
  const Tensor result = compute(context, "Softmax", {sum.reshaped(rows)}, {{"axis", std::int64_t{1}}});
  context.set_output(0, result.reshaped(data.dims()));
}

Operator activation(const char* name, const char* summary, KernelFunction kernel, double flops) {
  return record(name, OperatorKind::Activation)
      .summary(summary)
      .constraint("T", types::floats_and_bfloat16())
      .infer(same_as_input)
      .kernel(kernel)
      .cost(per_element(flops));
}

}  // namespace

void register_activations(OperatorTable& table) {
  table.add(activation("Gelu", "x·Φ(x), Φ the normal distribution's cumulative function: ½x(1 + erf(x/√2)).",
                       gelu, gelu_flops)
                .input("X", "T", "The tensor to work on.")
                .output("Y", "T", "The result, of the same sizes.")
                .example("X = float[4]{-2, -0.5, 0, 3}"));
  table.add(activation("BiasGelu", "Gelu of a sum: ½s(1 + erf(s/√2)) where s = A + B.", gelu, gelu_flops + 1)
                .input("A", "T", "Values […, C].")
                .input("B", "T", "Bias [C].")
                .output("C", "T", "The result, of the sizes of A.")
                .example("A = float[2, 2]{-2, -0.5, 0, 3}; B = float[2]{0.5, -1}"));
  table.add(activation("FastGelu",
                       "Gelu through tanh, of X or X + bias: ½s(1 + tanh(0.797885 s + 0.035677 s³)).",
                       fast_gelu, gelu_flops + 4)
                .input("X", "T", "Values […, C].")
                .optional_input("bias", "T", "Added first, [C].")
                .output("Y", "T", "The result, of the sizes of X.")
                .example("X = float[2, 2]{-2, -0.5, 0, 3}; bias = float[2]{0.5, -1}"));
  table.add(activation("QuickGelu", "x · sigmoid(alpha·x), which comes near to Gelu.", quick_gelu, gelu_flops)
                .attribute("alpha", 1.702f, "Steepness of the sigmoid.")
                .input("X", "T", "The tensor to work on.")
                .output("Y", "T", "The result, of the same sizes.")
                .example("X = float[4]{-2, -0.5, 0, 3}"));
  table.add(
      activation("BiasSplitGelu",
                 "X + bias cut into two halves along the last axis, the left one multiplied by Gelu of the "
                 "right one.",
                 bias_split_gelu, gelu_flops + 3)
          .constraint("T", types::tensors({"float", "float16"}))
          .input("X", "T", "Values [N, S, D].")
          .input("bias", "T", "Bias [D].")
          .output("Y", "T", "Result [N, S, D/2].")
          .infer(infer_bias_split_gelu)
          .example("X = float[1, 1, 4]{1, 2, 3, -1}; bias = float[4]{0, 0, 0.5, 0.5}"));
  table.add(
      record("BiasAdd", OperatorKind::ElementWise)
          .summary("X + bias + skip: a bias for each channel and a residual.")
          .input("X", "T", "Values [N, S, C].")
          .input("bias", "T", "Bias [C].")
          .input("skip", "T", "What is added to the sum, [N, S, C].")
          .output("Y", "T", "Sum [N, S, C].")
          .constraint("T", types::tensors({"float", "float16"}))
          .infer(same_as_input)
          .kernel(bias_add)
          .cost(per_element(2))
          .example("X = float[1, 1, 2]{1, 2}; bias = float[2]{10, 20}; skip = float[1, 1, 2]{0.5, 0.25}"));
  table.add(activation("BiasSoftmax", "Softmax of data + bias, over all axes from `axis` on as one.",
                       bias_softmax, 14)
                .constraint("T", types::floats())
                .attribute("axis", std::int64_t{1}, "First of the axes that are normalized together.")
                .required_attribute(
                    "is_inner_broadcast", AttributeType::Int,
                    "1 if the bias repeats over axes just before `axis`, 0 if over the leading ones; "
                    "its sizes say so too.")
                .input("data", "T", "Scores.")
                .input("bias", "T", "What is added to them, broadcast.")
                .output("output", "T", "Probabilities, of the sizes of data.")
                .example("data = float[1, 2, 2]{1, 2, 3, 4}; bias = float[1, 1, 2]{0, -1}; axis = 2; "
                         "is_inner_broadcast = 1"));
}

}  // namespace lapidary::microsoft
