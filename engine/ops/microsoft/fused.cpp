#include <algorithm>
#include <numeric>

#include "engine/ops/convolution.h"
#include "engine/ops/element_move.h"
#include "engine/ops/matmul.h"
#include "engine/ops/microsoft/fused.h"

namespace lapidary::microsoft {
namespace {

// --- convolutions with an activation, or with channels last ---

const std::vector<std::string> window_attributes{"auto_pad",     "dilations", "group",
                                                 "kernel_shape", "pads",      "strides"};

Tensor convolved(const KernelContext& context, const Tensor& x) {
  return compute(context, "Conv", {x, context.input(1), input_or_absent(context, 2)},
                 attributes_of(context.node(), window_attributes));
}

/// activation(Conv(X, W, B) + Z).
void fused_convolution(KernelContext& context) {
  Tensor y = convolved(context, context.input(0));
  if (context.has_input(3)) y = compute(context, "Add", {y, context.input(3)});
  context.set_output(0, activated(context, y, read_activation(context.node())));
}

void channels_last_convolution(KernelContext& context) {
  Tensor y = channels_last(convolved(context, channels_first(context.input(0))));
  if (context.has_input(3)) y = compute(context, "Add", {y, context.input(3)});
  context.set_output(0, activated(context, y, read_activation(context.node())));
}

void infer_channels_last_convolution(InferenceContext& context) {
  const auto types = infer_call(
      context, "Conv", {channels_first(context.input_type(0)), context.input_type(1), context.input_type(2)},
      attributes_of(context.node(), window_attributes));
  context.set_output(0, channels_last(types.at(0)));
}

/// Every output element meets all weights of its channel.
std::optional<Cost> convolution_cost_by_output(const CostContext& context) {
  return convolution_cost(context, 1, context.output_dims(0), 2);
}

Operator convolution_with(const char* name, const char* summary, KernelFunction kernel) {
  Operator base = record(name, OperatorKind::MatrixAndConvolution);
  return with_window_attributes(base.summary(summary)).kernel(kernel).cost(convolution_cost_by_output);
}

void register_convolutions(OperatorTable& table) {
  const types::List narrow = types::tensors({"float", "float16"});
  Operator fused = convolution_with("FusedConv", "Convolution, then a residual added, then an activation.",
                                    fused_convolution);
  table.add(with_activation(fused)
                .input("X", "T", "Values [N, C, D1, D2, …].")
                .input("W", "T", "Weights [M, C/group, k1, k2, …].")
                .optional_input("B", "T", "Bias [M].")
                .optional_input("Z", "T", "Added before the activation, [N, M, …].")
                .output("Y", "T", "Result [N, M, …].")
                .constraint("T", types::floats())
                .infer(infer_as("Conv", {0, 1, 2}))
                .example("X = float[1, 1, 3]{1, 2, 3}; W = float[1, 1, 2]{1, -2}; activation = \"Relu\"; "
                         "Z = float[1, 1, 2]{4, 4}"));
  const Operator plain =
      convolution_with("NhwcConv", "Convolution of values whose channels are the last axis.",
                       channels_last_convolution)
          .input("X", "T", "Values [N, D1, D2, …, C].")
          .input("W", "T", "Weights [M, C/group, k1, k2, …].")
          .optional_input("B", "T", "Bias [M].");
  const auto finished = [](Operator unfinished) {
    return unfinished.output("Y", "T", "Result [N, …, M].")
        .infer(reporting_errors(infer_channels_last_convolution))
        .example("X = float[1, 3, 1]{1, 2, 3}; W = float[2, 1, 2]{1, 1, 1, -1}");
  };
  table.add(finished(plain).constraint("T", types::floats()));
  Operator with_residual = plain;
  with_residual.name = "NhwcFusedConv";
  with_residual
      .summary(
          "Convolution of values whose channels are the last axis, then a residual added, then an "
          "activation.")
      .optional_input("Z", "T", "Added before the activation, [N, …, M].");
  table.add(finished(with_activation(with_residual)).constraint("T", narrow));
}

// --- products ---

/// alpha · A · B.
Tensor fused_product(const KernelContext& context) {
  const auto factor = [&](std::size_t index) {
    const Tensor& tensor = context.input(index);
    return transposed(tensor, factor_order(context.node(), index, tensor.dims().size()));
  };
  const Tensor y = compute(context, "MatMul", {factor(0), factor(1)});
  const float alpha = context.real("alpha", 1);
  if (alpha == 1) return y;
  return compute(context, "Mul",
                 {y, tensor_from(y.type(), {}, std::vector<double>{static_cast<double>(alpha)})});
}

void fused_matmul(KernelContext& context) { context.set_output(0, fused_product(context)); }

void infer_fused_matmul(InferenceContext& context) {
  const auto factor = [&](std::size_t index) -> std::optional<Shape> {
    const auto& shape = context.input_shape(index);
    if (!shape) return std::nullopt;
    Shape ordered;
    for (const std::int64_t axis : factor_order(context.node(), index, shape->size()))
      ordered.push_back((*shape)[static_cast<std::size_t>(axis)]);
    return ordered;
  };
  context.set_output(0, context.input_element(0), matmul_shape(context, factor(0), factor(1)));
}

std::optional<Cost> fused_matmul_cost(const CostContext& context) {
  const auto a = context.input_dims(0);
  const auto elements = context.output_elements();
  if (!a || a->empty() || !elements) return std::nullopt;
  const auto inner = static_cast<std::size_t>(factor_order(context.node, 0, a->size()).back());
  const double macs = *elements * static_cast<double>((*a)[inner]);
  return Cost{macs, 2 * macs + *elements};
}

/// activation with its numbers in attributes activation_alpha, activation_beta and activation_gamma.
Tensor activated_by_attributes(const KernelContext& context, Tensor y) {
  const std::string activation = context.text("activation", "");
  if (activation.empty()) return y;
  static const std::vector<std::string> known{"Relu",     "LeakyRelu",       "Sigmoid", "Tanh",
                                              "Elu",      "HardSigmoid",     "Selu",    "Softplus",
                                              "Softsign", "ThresholdedRelu", "Softmax", "LogSoftmax"};
  if (std::find(known.begin(), known.end(), activation) == known.end())
    throw Error("activation '" + activation + "' cannot be fused");
  Attributes attributes;
  for (const char* name : {"alpha", "beta", "gamma", "axis"})
    if (const Attribute* found = context.node().find_attribute("activation_" + std::string(name)))
      attributes.emplace_back(name, found->value);
  return compute(context, activation.c_str(), {std::move(y)}, std::move(attributes));
}

void fused_matmul_activation(KernelContext& context) {
  context.set_output(0, activated_by_attributes(context, fused_product(context)));
}

void fused_gemm(KernelContext& context) {
  const Tensor y = compute(context, "Gemm", {context.input(0), context.input(1), input_or_absent(context, 2)},
                           attributes_of(context.node(), {"alpha", "beta", "transA", "transB"}));
  context.set_output(0, activated_by_attributes(context, y));
}

void gemm_fast_gelu(KernelContext& context) {
  Tensor y = compute(context, "MatMul", {context.input(0), context.input(1)});
  if (context.has_input(2)) y = compute(context, "Add", {y, context.input(2)});
  context.set_output(0, compute(context, "Gelu", {y}, {{"approximate", std::string("tanh")}}));
}

Operator& with_activation_numbers(Operator& record) {
  return record
      .optional_attribute("activation_alpha", AttributeType::Float, "Attribute alpha of the activation.")
      .optional_attribute("activation_beta", AttributeType::Float, "Attribute beta of the activation.")
      .optional_attribute("activation_gamma", AttributeType::Float, "Attribute gamma of the activation.");
}

Operator product(const char* name, const char* summary, KernelFunction kernel) {
  return record(name, OperatorKind::MatrixAndConvolution)
      .summary(summary)
      .attribute("alpha", 1.0f, "Factor of the product.")
      .attribute("transA", std::int64_t{0}, "1 if the last two axes of A change places first.")
      .attribute("transB", std::int64_t{0}, "1 if the last two axes of B change places first.")
      .input("A", "T", "Left factor […, M, K].")
      .input("B", "T", "Right factor […, K, N].")
      .output("Y", "T", "Product […, M, N].")
      .constraint("T", types::floats_and_bfloat16())
      .infer(infer_fused_matmul)
      .kernel(kernel)
      .cost(fused_matmul_cost)
      .example("A = float[2, 1]{1, 2}; B = float[2, 2]{1, 2, 3, 4}; transA = 1; alpha = 0.5");
}

Operator& with_batch_attributes(Operator& record) {
  return record
      .attribute("transBatchA", std::int64_t{0},
                 "1 if the first axis of A, its rows, goes behind the batch axes.")
      .attribute("transBatchB", std::int64_t{0}, "1 if the first axis of B goes behind the batch axes.");
}

void register_products(OperatorTable& table) {
  table.add(product("TransposeMatMul", "The older name of FusedMatMul: alpha · A · B of transposed factors.",
                    fused_matmul));
  Operator fused =
      product("FusedMatMul", "alpha · A · B, where either factor may be transposed.", fused_matmul);
  table.add(with_batch_attributes(fused));
  Operator with_function =
      product("FusedMatMulActivation", "FusedMatMul, then an activation.", fused_matmul_activation);
  with_activation_numbers(with_batch_attributes(with_function))
      .required_attribute("activation", AttributeType::String, "Name of the activation.")
      .optional_attribute("activation_axis", AttributeType::Int, "Attribute axis of the activation.")
      .example("A = float[1, 2]{1, 2}; B = float[2, 2]{1, -2, 3, -4}; activation = \"Relu\"");
  table.add(std::move(with_function));

  const types::List numbers =
      types::tensors({"float16", "float", "double", "uint32", "uint64", "int32", "int64"});
  Operator gemm =
      record("FusedGemm", OperatorKind::MatrixAndConvolution)
          .summary("activation(alpha · A · B + beta · C) of matrices.")
          .optional_attribute("activation", AttributeType::String, "Function applied to the sum.");
  table.add(with_activation_numbers(gemm)
                .attribute("alpha", 1.0f, "Factor of the product.")
                .attribute("beta", 1.0f, "Factor of C.")
                .attribute("transA", std::int64_t{0}, "1 if A is [K, M].")
                .attribute("transB", std::int64_t{0}, "1 if B is [N, K].")
                .input("A", "T", "Left factor [M, K].")
                .input("B", "T", "Right factor [K, N].")
                .optional_input("C", "T", "What is added, broadcast to [M, N].")
                .output("Y", "T", "Result [M, N].")
                .constraint("T", numbers)
                .infer(infer_as("Gemm"))
                .kernel(fused_gemm)
                .cost(cost_as("Gemm", {}, 1))
                .example("A = float[1, 2]{1, 2}; B = float[2, 2]{1, -2, 3, -4}; C = float[2]{0.5, 0.5}; "
                         "activation = \"Relu\""));
  table.add(record("GemmFastGelu", OperatorKind::MatrixAndConvolution)
                .summary("FastGelu of a matrix product, with an optional bias before it.")
                .input("X", "T", "Left factor […, K].")
                .input("W", "T", "Right factor [K, N].")
                .optional_input("bias", "T", "Bias [N].")
                .output("Y", "T", "Result […, N].")
                .constraint("T", floats())
                .infer(infer_as("MatMul", {0, 1}))
                .kernel(gemm_fast_gelu)
                .cost(cost_as("MatMul", {0, 1}, 15))
                .example("X = float[1, 2]{1, 2}; W = float[2, 2]{1, -2, 3, -4}; bias = float[2]{0.5, 0.5}"));
}

}  // namespace

std::vector<std::int64_t> factor_order(const Node& node, std::size_t index, std::size_t rank) {
  const auto is_set = [&](const char* a, const char* b) {
    return node.attribute_or(index == 0 ? a : b, std::int64_t{0}) != 0;
  };
  std::vector<std::int64_t> order(rank);
  std::iota(order.begin(), order.end(), 0);
  if (rank < 2) return order;
  if (is_set("transBatchA", "transBatchB")) std::rotate(order.begin(), order.begin() + 1, order.end() - 1);
  if (is_set("transA", "transB")) std::swap(order[rank - 1], order[rank - 2]);
  return order;
}

void register_fused(OperatorTable& table) {
  register_convolutions(table);
  register_products(table);
}

}  // namespace lapidary::microsoft
