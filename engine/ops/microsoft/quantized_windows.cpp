#include "engine/ops/convolution.h"
#include "engine/ops/microsoft/quantized.h"

namespace lapidary::microsoft {
namespace {

/// Convolution and pooling of quantized tensors in either layout: attribute channels_last says that channels
/// are the last axis. They are computed with channels first.

bool has_channels_last(const Node& node) { return node.attribute_or("channels_last", std::int64_t{0}) != 0; }

Tensor to_channels_first(const KernelContext& context, const Tensor& x) {
  return has_channels_last(context.node()) ? channels_first(x) : x;
}
Tensor from_channels_first(const KernelContext& context, const Tensor& y) {
  return has_channels_last(context.node()) ? channels_last(y) : y;
}

const std::vector<std::string> convolution_attributes{"auto_pad",     "dilations", "group",
                                                      "kernel_shape", "pads",      "strides"};
const std::vector<std::string> pooling_attributes{
    "auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"};

/// The output of `op_type` for input 0 as numbers, in the layout of input 0; `weights` are an input beside
/// it.
void infer_window(InferenceContext& context, const char* op_type, std::optional<std::size_t> weights,
                  const std::vector<std::string>& attributes) {
  const bool last = has_channels_last(context.node());
  Type x = Type::tensor(DataType::Float32, context.input_shape(0));
  std::vector<Type> inputs{last ? channels_first(x) : x};
  if (weights) inputs.push_back(Type::tensor(DataType::Float32, context.input_shape(*weights)));
  const Type y = infer_call(context, op_type, inputs, attributes_of(context.node(), attributes)).at(0);
  context.set_output(0, context.input_element(weights ? 7 : 0), (last ? channels_last(y) : y).shape);
}

void quantized_convolution(KernelContext& context) {
  std::vector<Tensor> inputs{to_channels_first(context, context.input(0))};
  for (std::size_t index = 1; index < 9; ++index) inputs.push_back(input_or_absent(context, index));
  const Tensor y =
      compute(context, "QLinearConv", inputs, attributes_of(context.node(), convolution_attributes));
  context.set_output(0, from_channels_first(context, y));
}

void quantized_average_pool(KernelContext& context) {
  const Tensor y = compute(context, "AveragePool", {to_channels_first(context, dequantized(context, 0))},
                           attributes_of(context.node(), pooling_attributes));
  context.set_output(0, requantized(context, from_channels_first(context, y), 3));
}

void quantized_global_average_pool(KernelContext& context) {
  const Tensor y =
      compute(context, "GlobalAveragePool", {to_channels_first(context, dequantized(context, 0))});
  context.set_output(0, requantized(context, from_channels_first(context, y), 3));
}

void channels_last_max_pool(KernelContext& context) {
  const Tensor y = compute(context, "MaxPool", {channels_first(context.input(0))},
                           attributes_of(context.node(), pooling_attributes));
  context.set_output(0, channels_last(y));
}

void infer_channels_last_max_pool(InferenceContext& context) {
  const auto types = infer_call(context, "MaxPool", {channels_first(context.input_type(0))},
                                attributes_of(context.node(), pooling_attributes));
  context.set_output(0, channels_last(types.at(0)));
}

constexpr const char* layout_text = "1 if channels are the last axis, 0 if the second.";

Operator convolution_record() {
  Operator base = record("QLinearConv", OperatorKind::Quantization);
  return with_window_attributes(
             base.summary("Convolution of quantized values and weights, quantized again, in either layout."))
      .attribute("channels_last", std::int64_t{0}, layout_text)
      .input("x", "T1", "Values [N, C, D1, …] or [N, D1, …, C].")
      .input("x_scale", "tensor(float)", "Scale of x.")
      .input("x_zero_point", "T1", "Zero point of x.")
      .input("w", "T2", "Weights [M, C/group, k1, k2, …].")
      .input("w_scale", "tensor(float)", "Scale of w: one, or one an output channel.")
      .input("w_zero_point", "T2", "Zero point of w, as many as scales.")
      .input("y_scale", "tensor(float)", "Scale of the result.")
      .input("y_zero_point", "T3", "Zero point of the result.")
      .optional_input("B", "T4", "Bias [M], quantized with x_scale·w_scale and zero point 0.")
      .output("y", "T3", "Result [N, M, …] or [N, …, M].")
      .constraint("T1", bytes())
      .constraint("T2", bytes())
      .constraint("T3", bytes())
      .constraint("T4", {"tensor(int32)"})
      .infer(reporting_errors(
          [](InferenceContext& context) { infer_window(context, "Conv", 3, convolution_attributes); }))
      .kernel(quantized_convolution)
      .cost(
          [](const CostContext& context) { return convolution_cost(context, 3, context.output_dims(0), 3); })
      .example(
          "x = uint8[1, 3, 1]{2, 4, 6}; x_scale = float{0.5}; x_zero_point = uint8{2}; w = int8[1, 1, 2]{1, "
          "2}; "
          "w_scale = float{1}; w_zero_point = int8{0}; y_scale = float{0.5}; y_zero_point = uint8{0}; "
          "channels_last = 1");
}

/// Attributes of a pooling window, without the dilations that only some have.
Operator& with_pooling_attributes(Operator& record) {
  return record
      .attribute(
          "auto_pad", std::string("NOTSET"),
          "How padding is found: NOTSET takes pads; SAME_UPPER and SAME_LOWER pad so that only the stride "
          "shrinks the size; VALID pads nothing.")
      .attribute("ceil_mode", std::int64_t{0}, "1 if a last window that is not full counts too.")
      .required_attribute("kernel_shape", AttributeType::Ints, "Sizes of the window, an axis each.")
      .optional_attribute("pads", AttributeType::Ints,
                          "Positions added: beginnings of all axes, then ends; 0.")
      .optional_attribute("strides", AttributeType::Ints, "Step of the window, an axis each; 1.");
}

void register_pooling(OperatorTable& table) {
  Operator average = record("QLinearAveragePool", OperatorKind::Quantization)
                         .summary("Mean of each window of a quantized tensor, quantized again.")
                         .attribute("channels_last", std::int64_t{0}, layout_text)
                         .attribute("count_include_pad", std::int64_t{0}, "1 if padding counts as zeros.")
                         .constraint("T", bytes())
                         .infer(reporting_errors([](InferenceContext& context) {
                           infer_window(context, "AveragePool", std::nullopt, pooling_attributes);
                         }))
                         .kernel(quantized_average_pool)
                         .cost([](const CostContext& context) -> std::optional<Cost> {
                           const auto elements = context.output_elements();
                           const auto kernel = context.node.attribute_or("kernel_shape", Dims{});
                           if (!elements) return std::nullopt;
                           return Cost{0, *elements * static_cast<double>(element_count(kernel) + 4)};
                         });
  with_pooling_attributes(average)
      .input("X", "T", "Values [N, C, D1, …] or [N, D1, …, C].")
      .input("x_scale", "tensor(float)", "Scale of X.")
      .optional_input("x_zero_point", "T", "Zero point of X; 0.")
      .input("y_scale", "tensor(float)", "Scale of the result.")
      .optional_input("y_zero_point", "T", "Zero point of the result; 0.")
      .output("Y", "T", "Means.")
      .example(
          "X = uint8[1, 1, 4]{1, 3, 5, 7}; x_scale = float{0.5}; y_scale = float{0.5}; kernel_shape = [2]; "
          "strides = [2]");
  table.add(std::move(average));
  table.add(record("QLinearGlobalAveragePool", OperatorKind::Quantization)
                .summary("Mean of each channel of a quantized tensor, quantized again.")
                .attribute("channels_last", std::int64_t{0}, layout_text)
                .input("X", "T", "Values [N, C, D1, …] or [N, D1, …, C].")
                .input("x_scale", "tensor(float)", "Scale of X.")
                .input("x_zero_point", "T", "Zero point of X.")
                .input("y_scale", "tensor(float)", "Scale of the result.")
                .input("y_zero_point", "T", "Zero point of the result.")
                .output("Y", "T", "Means, with size 1 along all other axes.")
                .constraint("T", bytes())
                .infer([](InferenceContext& context) {
                  infer_window(context, "GlobalAveragePool", std::nullopt, {});
                })
                .kernel(quantized_global_average_pool)
                .cost(per_input_element(1))
                .example("X = uint8[1, 1, 4]{1, 3, 5, 7}; x_scale = float{0.5}; x_zero_point = uint8{0}; "
                         "y_scale = float{0.5}; y_zero_point = uint8{0}"));
  Operator greatest = record("NhwcMaxPool", OperatorKind::PoolingAndReduction)
                          .summary("Greatest value of each window, with channels as the last axis.")
                          .optional_attribute("dilations", AttributeType::Ints,
                                              "Distance between neighbouring positions of the window; 1.")
                          .constraint("T", bytes())
                          .infer(reporting_errors(infer_channels_last_max_pool))
                          .kernel(channels_last_max_pool)
                          .cost([](const CostContext& context) -> std::optional<Cost> {
                            const auto elements = context.output_elements();
                            const auto kernel = context.node.attribute_or("kernel_shape", Dims{});
                            if (!elements) return std::nullopt;
                            return Cost{0, *elements * static_cast<double>(element_count(kernel))};
                          });
  table.add(with_pooling_attributes(greatest)
                .input("x", "T", "Values [N, D1, …, C].")
                .output("y", "T", "Greatest values.")
                .example("x = uint8[1, 4, 1]{1, 3, 7, 5}; kernel_shape = [2]; strides = [2]"));
}

}  // namespace

void register_quantized_windows(OperatorTable& table) {
  table.add(convolution_record());
  register_pooling(table);
}

}  // namespace lapidary::microsoft
