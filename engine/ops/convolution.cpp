#include "engine/ops/convolution.h"

#include <cmath>

#include "engine/ops/compute_buffer.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"
#include "engine/ops/working_memory.h"

namespace lapidary {
namespace {

/// Kernel sizes from attribute kernel_shape, else from constant weights' sizes [., ., k…]; nothing if not
/// known.
std::optional<Dims> known_kernel(const InferenceContext& context, const std::optional<Shape>& weight) {
  Dims kernel = context.integers("kernel_shape");
  if (!kernel.empty()) return kernel;
  if (!weight || weight->size() < 3) return std::nullopt;
  return constant_dims(Shape(weight->begin() + 2, weight->end()));
}

Shape spatial(const Shape& shape) {
  return shape.size() > 2 ? Shape(shape.begin() + 2, shape.end()) : Shape();
}

/// [N, channels, spatial_sizes(window, input sizes)…]; the spatial sizes stay unknown where the kernel is.
template <class SpatialSizes>
std::optional<Shape> windowed_shape(const InferenceContext& context, std::size_t weight,
                                    const Dimension& channels, SpatialSizes spatial_sizes) {
  const auto& x = context.input_shape(0);
  if (!x) return std::nullopt;
  if (x->size() < 3)
    throw Error("the input of a convolution needs spatial axes, its rank is " + std::to_string(x->size()));
  Shape output(x->size());
  output[0] = (*x)[0];
  output[1] = channels;
  const auto kernel = known_kernel(context, context.input_shape(weight));
  if (!kernel) return output;
  const Window window = read_window(context.node(), *kernel);
  if (window.rank() + 2 != x->size()) throw Error("the window and the input differ in rank");
  const Shape sizes = spatial_sizes(window, spatial(*x));
  std::copy(sizes.begin(), sizes.end(), output.begin() + 2);
  return output;
}

void infer_convolution(InferenceContext& context) {
  context.set_output(0, context.input_element(0), std::nullopt);
  context.set_output(0, context.input_element(0), convolution_shape(context, 1));
}

void infer_transposed_convolution(InferenceContext& context) {
  context.set_output(0, context.input_element(0), std::nullopt);
  const auto& w = context.input_shape(1);
  Dimension channels;
  if (w && w->size() > 1) channels = (*w)[1] * context.integer("group", 1);
  context.set_output(0, context.input_element(0),
                     windowed_shape(context, 1, channels, [&](const Window& window, const Shape& input) {
                       return transposed_output_shape(context.node(), window, input);
                     }));
}

void require_spatial_axes(const Dims& x) {
  if (x.size() < 3)
    throw Error("the input of a convolution has rank " + std::to_string(x.size()))
        .advice("It is [N, C, sizes…]");
}

/// The bias of M elements, or nothing.
const Tensor* bias_input(const KernelContext& context, std::size_t index, std::int64_t channels) {
  if (!context.has_input(index)) return nullptr;
  const Tensor& bias = context.input(index);
  if (bias.size() != channels)
    throw Error("the bias has " + std::to_string(bias.size()) + " values for " + std::to_string(channels) +
                " channels");
  return &bias;
}

/// Runs `function` (convolve or convolve_transposed) on inputs X, W and B.
template <class Function>
void run_convolution(KernelContext& context, const ConvolutionGeometry& geometry, Function function) {
  const Tensor& x = context.input(0);
  const Tensor* bias = bias_input(context, 2, geometry.channels.groups * geometry.channels.out_per_group);
  Tensor& y = context.output(0, x.type(), output_dims_of(geometry));
  dispatch(FloatTypes{}, x.type(), [&]<class T>() {
    const ComputeInput<T> values(x), weights(context.input(1)), offsets(bias ? *bias : Tensor(x.type(), {0}));
    ComputeOutput<T> result(y);
    function(geometry, values.data(), weights.data(), bias ? offsets.data() : nullptr, result.data(),
             context.cancel);
    result.store();
  });
}

void convolution(KernelContext& context) {
  run_convolution(context, convolution_geometry(context, context.input(0).dims(), context.input(1).dims()),
                  [](auto&&... arguments) { convolve(arguments...); });
}

/// A bias adds once for each output element.
double bias_flops(const CostContext& context) {
  return context.inputs.size() > 2 && context.inputs[2].is_known() ? 1 : 0;
}

void transposed_convolution(KernelContext& context) {
  const Tensor& x = context.input(0);
  require_spatial_axes(x.dims());
  const Dims& w = context.input(1).dims();
  const auto channels = transposed_convolution_channels(x.dims(), w, context.integer("group", 1));
  auto [window, output] = resolve_transposed_window(context.node(), context.version(),
                                                    read_convolution_window(context.node(), spatial_dims(w)),
                                                    spatial_dims(x.dims()));
  const ConvolutionGeometry geometry{channels, std::move(window), spatial_dims(x.dims()), std::move(output)};
  run_convolution(context, geometry, [](auto&&... arguments) { convolve_transposed(arguments...); });
}

// --- CausalConvWithState ---

struct CausalSizes {
  std::int64_t batch, channels, length, kernel;
};

CausalSizes causal_sizes(const KernelContext& context) {
  const Dims& x = context.input(0).dims();
  const Dims& w = context.input(1).dims();
  if (x.size() != 3 || w.size() != 3) throw Error("input and weight need rank 3: [N, C, L] and [C, 1, k]");
  if (w[0] != x[1] || w[1] != 1 || w[2] < 1)
    throw Error("weights of " + to_string(w) + " do not fit " + std::to_string(x[1]) + " channels");
  const Dims state{x[0], x[1], w[2] - 1};
  if (context.has_input(3) && context.input(3).dims() != state)
    throw Error("past_state is " + to_string(context.input(3).dims()) + " where " + to_string(state) +
                " is needed");
  return {x[0], x[1], x[2], w[2]};
}

bool causal_silu(const KernelContext& context) {
  const auto activation = context.text("activation", "none");
  if (activation != "none" && activation != "silu" && activation != "swish")
    throw Error("activation '" + activation + "' is unknown").advice("It can be none, silu or swish");
  return activation != "none";
}

/// Row by row: the past and the new values in line, each output a dot product with the k values up to it.
void causal_convolution(KernelContext& context) {
  const CausalSizes s = causal_sizes(context);
  const bool silu = causal_silu(context);
  const Tensor* bias = bias_input(context, 2, s.channels);
  const Tensor& x = context.input(0);
  Tensor& y = context.output(0, x.type(), x.dims());
  Tensor state(x.type(), {s.batch, s.channels, s.kernel - 1});
  dispatch(FloatTypes{}, x.type(), [&]<class T>() {
    using Value = ComputeType<T>;
    const Tensor none(x.type(), {0});
    const ComputeInput<T> values(x), weights(context.input(1)), offsets(bias ? *bias : none),
        past(context.has_input(3) ? context.input(3) : none);
    ComputeOutput<T> result(y), next(state);
    const std::int64_t before = s.kernel - 1;
    auto line = working_memory<Value>({before + s.length});
    for (std::int64_t row = 0; row < s.batch * s.channels; ++row) {
      context.cancel.check();
      const std::int64_t channel = row % s.channels;
      for (std::int64_t i = 0; i < before; ++i)
        line[i] = context.has_input(3) ? past[row * before + i] : Value{};
      std::copy_n(values.data() + row * s.length, s.length, line.begin() + before);
      for (std::int64_t i = 0; i < s.length; ++i) {
        Value sum = bias ? offsets[channel] : Value{};
        for (std::int64_t tap = 0; tap < s.kernel; ++tap)
          sum += line[i + tap] * weights[channel * s.kernel + tap];
        result[row * s.length + i] = silu ? sum / (1 + std::exp(-sum)) : sum;
      }
      std::copy_n(line.begin() + s.length, before, next.data() + row * before);
    }
    result.store();
    next.store();
  });
  if (context.wants_output(1)) context.set_output(1, std::move(state));
}

void infer_causal_convolution(InferenceContext& context) {
  same_as_input(context);
  const auto& x = context.input_shape(0);
  const auto& w = context.input_shape(1);
  std::optional<Shape> state;
  if (x && x->size() == 3)
    state = Shape{(*x)[0], (*x)[1], w && w->size() == 3 ? (*w)[2] - 1 : Dimension::unknown()};
  context.set_output(1, context.input_element(0), state);
}

std::optional<Cost> causal_convolution_cost(const CostContext& context) {
  return convolution_cost(context, 1, context.output_dims(0), bias_flops(context));
}

// --- records ---

Operator convolution_record() {
  Operator record("Conv", 1, OperatorKind::MatrixAndConvolution);
  return with_window_attributes(
             record.summary(
                 "Slides a window of weights over the input and sums products, optionally in groups of "
                 "channels."))
      .input("X", "T", "Values [N, C, D1, D2, …].")
      .input("W", "T", "Weights [M, C/group, k1, k2, …].")
      .optional_input("B", "T", "Bias [M].")
      .output("Y", "T", "Result [N, M, …].")
      .constraint("T", types::floats())
      .infer(reporting_errors(infer_convolution))
      .kernel(convolution)
      .example("X = float[1, 1, 3, 3]{1..9}; W = float[1, 1, 2, 2]{1, 0, 0, 1}")
      .cost([](const CostContext& context) {
        return convolution_cost(context, 1, context.output_dims(0), bias_flops(context));
      });
}

Operator transposed_convolution_record() {
  Operator record("ConvTranspose", 1, OperatorKind::MatrixAndConvolution);
  return with_window_attributes(
             record.summary(
                 "Spreads every input value over a window of weights and sums where windows overlap: the "
                 "gradient of a convolution, used to enlarge."))
      .optional_attribute("output_padding", AttributeType::Ints,
                          "Positions added at the end of each axis; 0.")
      .optional_attribute("output_shape", AttributeType::Ints,
                          "Spatial sizes wanted; the padding is then computed from them.")
      .input("X", "T", "Values [N, C, D1, D2, …].")
      .input("W", "T", "Weights [C, M/group, k1, k2, …].")
      .optional_input("B", "T", "Bias [M].")
      .output("Y", "T", "Result [N, M, …].")
      .constraint("T", types::floats())
      .infer(reporting_errors(infer_transposed_convolution))
      .kernel(transposed_convolution)
      .example("X = float[1, 1, 2, 2]{1..4}; W = float[1, 1, 2, 2]{1}; strides = [2, 2]")
      .cost([](const CostContext& context) {
        return convolution_cost(context, 1, context.input_dims(0), bias_flops(context));
      });
}

Operator causal_convolution_record() {
  return Operator("CausalConvWithState", 27, OperatorKind::MatrixAndConvolution)
      .summary(
          "Depth-wise convolution over time that looks back only, and hands on the values that the next call "
          "needs.")
      .attribute("activation", std::string("none"), "Applied to the result: none, silu or swish.")
      .input("input", "T", "Values [N, C, L].")
      .input("weight", "T", "One kernel a channel, [C, 1, k].")
      .optional_input("bias", "T", "Bias [C].")
      .optional_input("past_state", "T", "The k − 1 values before the input, [N, C, k − 1]; zeros if absent.")
      .output("output", "T", "Result [N, C, L].")
      .output("present_state", "T", "The last k − 1 values seen, [N, C, k − 1].")
      .constraint("T", types::tensors({"float", "float16", "bfloat16"}))
      .infer(infer_causal_convolution)
      .kernel(causal_convolution)
      .example("input = float[1, 1, 4]{1..4}; weight = float[1, 1, 2]{0.5, 1}")
      .cost(causal_convolution_cost);
}

}  // namespace

ConvolutionGeometry convolution_geometry(const KernelContext& context, const Dims& x, const Dims& w) {
  require_spatial_axes(x);
  ConvolutionGeometry geometry{
      convolution_channels(x, w, context.integer("group", 1)), {}, spatial_dims(x), {}};
  const Window window = read_convolution_window(context.node(), spatial_dims(w));
  geometry.output = window_output_dims(window, geometry.input);
  geometry.window = with_resolved_padding(window, geometry.input);
  return geometry;
}

Dims output_dims_of(const ConvolutionGeometry& geometry) {
  Dims dims{geometry.channels.batch, geometry.channels.groups * geometry.channels.out_per_group};
  dims.insert(dims.end(), geometry.output.begin(), geometry.output.end());
  return dims;
}

std::optional<Shape> convolution_shape(const InferenceContext& context, std::size_t weight) {
  const auto& w = context.input_shape(weight);
  return windowed_shape(context, weight, w && !w->empty() ? w->front() : Dimension::unknown(),
                        [](const Window& window, Shape sizes) {
                          for (std::size_t i = 0; i < sizes.size(); ++i)
                            sizes[i] = window_output_size(window, i, sizes[i]);
                          return sizes;
                        });
}

std::optional<Cost> convolution_cost(const CostContext& context, std::size_t weight,
                                     const std::optional<Dims>& elements, double flops_per_output) {
  const auto w = context.input_dims(weight);
  const auto outputs = context.output_elements();
  if (!elements || !w || !outputs || w->empty()) return std::nullopt;
  const double weights = w->front() == 0 ? 0 : static_cast<double>(element_count(*w) / w->front());
  const double macs = static_cast<double>(element_count(*elements)) * weights;
  return Cost{macs, 2 * macs + flops_per_output * *outputs};
}

Operator& with_window_attributes(Operator& record) {
  return record
      .attribute(
          "auto_pad", std::string("NOTSET"),
          "How padding is found: NOTSET takes pads; SAME_UPPER and SAME_LOWER pad so that only the stride "
          "shrinks the size; VALID pads nothing.")
      .optional_attribute("dilations", AttributeType::Ints,
                          "Distance between neighbouring taps, an axis each; 1.")
      .attribute("group", std::int64_t{1}, "Number of groups that channels are divided into.")
      .optional_attribute("kernel_shape", AttributeType::Ints,
                          "Spatial sizes of the weights; taken from W if absent.")
      .optional_attribute("pads", AttributeType::Ints,
                          "Zeros added around: the beginnings of all axes, then the ends; 0.")
      .optional_attribute("strides", AttributeType::Ints, "Step of the window, an axis each; 1.");
}

void register_convolution(OperatorTable& table) {
  for (const auto& record : {convolution_record(), transposed_convolution_record()}) {
    table.add(record);
    table.add(
        record.at(11).change("says that strides and dilations left out are 1, pads 0; nothing else changed"));
    table.add(record.at(22).constraint("T", types::floats_and_bfloat16()));
  }
  table.add(causal_convolution_record());
}

}  // namespace lapidary
