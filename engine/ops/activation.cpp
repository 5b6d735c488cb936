#include <numbers>

#include "engine/model/saturating_cast.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/wrapping.h"

namespace lapidary {
namespace {

using types::operator+;

// --- activations without attributes: f in the type of x ---

constexpr auto rectify = [](auto x) { return x < decltype(x){0} ? decltype(x){0} : x; };
constexpr auto logistic = [](auto x) { return 1 / (1 + std::exp(-x)); };
/// ln(1 + eˣ), written so that no x overflows.
constexpr auto softplus = [](auto x) { return std::log1p(std::exp(-std::fabs(x))) + (x > 0 ? x : 0); };
constexpr auto softsign = [](auto x) { return x / (1 + std::fabs(x)); };
constexpr auto mish = [](auto x) { return x * std::tanh(softplus(x)); };
constexpr auto hard_swish = [](auto x) {
  using T = decltype(x);
  return x * std::clamp(x / T{6} + T{0.5}, T{0}, T{1});
};
constexpr auto gelu_exact = [](auto x) {
  using T = decltype(x);
  return T{0.5} * x * (1 + std::erf(x / std::numbers::sqrt2_v<T>));
};
/// ½x(1 + tanh(√(2/π)(x + 0.044715x³))).
constexpr auto gelu_by_tanh = [](auto x) {
  using T = decltype(x);
  const T inner =
      std::numbers::sqrt2_v<T> * std::numbers::inv_sqrtpi_v<T> * (x + static_cast<T>(0.044715) * x * x * x);
  return T{0.5} * x * (1 + std::tanh(inner));
};

// --- kernels with attributes ---

void leaky_relu(KernelContext& context) {
  map_input<FloatTypes>(context,
                        [alpha = context.real("alpha", 0.01f)](auto x) { return x < 0 ? alpha * x : x; });
}

void elu(KernelContext& context) {
  map_input<FloatTypes>(
      context, [alpha = context.real("alpha", 1.0f)](auto x) { return x < 0 ? alpha * std::expm1(x) : x; });
}

void celu(KernelContext& context) {
  map_input<FloatTypes>(context, [alpha = context.real("alpha", 1.0f)](auto x) {
    return x < 0 ? alpha * std::expm1(x / alpha) : x;
  });
}

void selu(KernelContext& context) {
  const float alpha = context.real("alpha", context.version() < 6 ? 1.6732f : 1.67326319217681884765625f);
  const float gamma = context.real("gamma", context.version() < 6 ? 1.0507f : 1.05070102214813232421875f);
  map_input<FloatTypes>(context, [=](auto x) { return x > 0 ? gamma * x : gamma * (alpha * std::expm1(x)); });
}

void hard_sigmoid(KernelContext& context) {
  map_input<FloatTypes>(context,
                        [alpha = context.real("alpha", 0.2f), beta = context.real("beta", 0.5f)](auto x) {
                          using T = decltype(x);
                          return std::clamp(alpha * x + beta, T{0}, T{1});
                        });
}

void thresholded_relu(KernelContext& context) {
  map_input<FloatTypes>(context, [alpha = context.real("alpha", 1.0f)](auto x) { return x > alpha ? x : 0; });
}

void swish(KernelContext& context) {
  map_input<FloatTypes>(context,
                        [alpha = context.real("alpha", 1.0f)](auto x) { return x * logistic(alpha * x); });
}

void gelu(KernelContext& context) {
  const std::string approximate = context.text("approximate", "none");
  if (approximate == "tanh") return map_input<FloatTypes>(context, gelu_by_tanh);
  if (approximate == "none") return map_input<FloatTypes>(context, gelu_exact);
  throw Error("attribute 'approximate' of Gelu is '" + approximate + "'")
      .advice("It may be 'none' or 'tanh'.");
}

void shrink(KernelContext& context) {
  const double bias = context.real("bias", 0.0f), threshold = context.real("lambd", 0.5f);
  map_input<NumberTypes>(context, [=](auto x) {
    const auto value = static_cast<double>(x);
    return from_double<decltype(x)>(value < -threshold  ? value + bias
                                    : value > threshold ? value - bias
                                                        : 0.0);
  });
}

/// slope before opset 7: one number for all channels, or one for each channel (axis 1).
Tensor slope_by_channel_before_7(const Tensor& x, const Tensor& slope) {
  if (slope.size() == 1 || x.rank() < 3) return slope;
  Dims dims(static_cast<std::size_t>(x.rank()) - 1, 1);
  dims[0] = slope.size();
  return slope.reshaped(dims);
}

void prelu(KernelContext& context) {
  const Tensor& x = context.input(0);
  const Tensor slope =
      context.version() < 7 ? slope_by_channel_before_7(x, context.input(1)) : context.input(1);
  require_same_type(x, slope);
  Tensor& y = context.output(0, x.type(), x.dims());
  dispatch(NumberTypes{}, x.type(), [&]<class T>() {
    broadcast_binary<T, T, T>(x, slope, y, [](T value, T factor) {
      using C = ComputeType<T>;
      const C v = static_cast<C>(value);
      return v < C{0} ? static_cast<T>(wrapping_multiply(static_cast<C>(factor), v)) : value;
    });
  });
}

template <class T>
void clip_elements(const Tensor& x, Tensor& y, T low, T high) {
  using C = ComputeType<T>;
  const C least = low, most = high;
  map_elements<T, T>(
      x, y, [=](T value) { return static_cast<T>(std::min(std::max(static_cast<C>(value), least), most)); });
}

/// The bounds are attributes before opset 11, else optional scalar inputs.
void clip(KernelContext& context) {
  const Tensor& x = context.input(0);
  Tensor& y = context.output(0, x.type(), x.dims());
  dispatch(NumberTypes{}, x.type(), [&]<class T>() {
    using Limits = std::numeric_limits<ComputeType<T>>;
    const auto bound = [&](std::size_t index, const char* name, ComputeType<T> otherwise) {
      if (context.version() < 11)
        return context.has_attribute(name)
                   ? static_cast<T>(from_double<ComputeType<T>>(static_cast<double>(context.real(name, 0))))
                   : static_cast<T>(otherwise);
      if (!context.has_input(index)) return static_cast<T>(otherwise);
      require_same_type(x, context.input(index));
      if (context.input(index).size() != 1) throw Error("a bound of Clip must be a single number");
      return *context.input(index).data<T>();
    };
    // The standard's bounds are the type's finite ones: infinity does not pass even where none is given.
    const T low = bound(1, "min", Limits::lowest());
    const T high = bound(2, "max", Limits::max());
    clip_elements<T>(x, y, low, high);
  });
}

// --- records ---

constexpr double exponential_flops = 10;  ///< what exp, tanh, erf and their like are counted as

Operator activation(std::string name, int version, std::string summary, types::List element_types,
                    KernelFunction kernel, double flops, std::string input = "X", std::string output = "Y") {
  return unary_operator(std::move(name), version, OperatorKind::Activation, std::move(summary),
                        std::move(element_types), std::move(input), std::move(output))
      .kernel(kernel)
      .cost(per_element(flops));
}

types::List relu_types() {
  return types::floats_and_bfloat16() + types::tensors({"int8", "int16", "int32", "int64"});
}

void add_rectifiers(OperatorTable& table) {
  using types::floats, types::floats_and_bfloat16;
  const Operator relu = activation("Relu", 6, "max(x, 0), element by element.", floats(),
                                   unary_kernel<decltype(FloatTypes{} + SignedIntegerTypes{}), rectify>, 1);
  table.add(with_consumed_inputs(relu));
  table.add(relu);
  table.add(relu.at(13).constraint("T", floats_and_bfloat16()));
  table.add(relu.at(14).constraint("T", relu_types()));

  const Operator leaky = activation("LeakyRelu", 6, "x where x ≥ 0, else alpha·x.", floats(), leaky_relu, 2)
                             .attribute("alpha", 0.01f, "Slope below zero.");
  table.add(with_consumed_inputs(leaky));
  table.add(leaky);
  table.add(leaky.at(16).constraint("T", floats_and_bfloat16()));

  const Operator thresholded =
      activation("ThresholdedRelu", 10, "x where x > alpha, else 0.", floats(), thresholded_relu, 1)
          .attribute("alpha", 1.0f, "Threshold below which the result is 0.");
  table.add(thresholded);
  table.add(thresholded.at(22).constraint("T", floats_and_bfloat16()));

  const Operator prelu_record = Operator("PRelu", 9, OperatorKind::Activation)
                                    .summary("x where x ≥ 0, else slope·x; the slope is learned.")
                                    .input("X", "T", "The tensor to work on.")
                                    .input("slope", "T", "Slope below zero, broadcast to the sizes of X.")
                                    .output("Y", "T", "The result, of the sizes of X.")
                                    .constraint("T", types::high_precision_numbers())
                                    .infer(same_as_input)
                                    .kernel(prelu)
                                    .example("X = float[2, 2]{-1, 2, -3, 4}; slope = float[2]{0.1, 0.5}")
                                    .cost(per_element(2));
  table.add(with_consumed_inputs(Operator(prelu_record).constraint("T", floats())));
  table.add(prelu_record.at(6).constraint("T", floats()));
  table.add(prelu_record.at(7).constraint("T", floats()));
  table.add(prelu_record);
  table.add(
      prelu_record.at(16).constraint("T", types::tensors({"bfloat16"}) + types::high_precision_numbers()));
}

void add_exponential_units(OperatorTable& table) {
  using types::floats, types::floats_and_bfloat16;
  const Operator elu_record =
      activation("Elu", 6, "x where x ≥ 0, else alpha·(eˣ − 1).", floats(), elu, exponential_flops)
          .attribute("alpha", 1.0f, "Limit for large negative x, negated.");
  table.add(with_consumed_inputs(elu_record));
  table.add(elu_record);
  table.add(elu_record.at(22).constraint("T", floats_and_bfloat16()));

  table.add(activation("Celu", 12,
                       "max(0, x) + min(0, alpha·(exp(x/alpha) − 1)): Elu with a continuous derivative.",
                       types::tensors({"float"}), celu, exponential_flops)
                .attribute("alpha", 1.0f, "Limit for large negative x, negated."));

  const Operator selu_record =
      activation("Selu", 6,
                 "gamma·x where x > 0, else gamma·alpha·(eˣ − 1): Elu that keeps mean and variance.",
                 floats(), selu, exponential_flops)
          .attribute("alpha", 1.67326319217681884765625f,
                     "Limit for large negative x, negated, before scaling.")
          .attribute("gamma", 1.05070102214813232421875f, "Scale of the result.");
  table.add(with_consumed_inputs(selu_record)
                .attribute("alpha", 1.6732f, "Limit for large negative x, negated, before scaling.")
                .attribute("gamma", 1.0507f, "Scale of the result."));
  table.add(selu_record);
  table.add(selu_record.at(22).constraint("T", floats_and_bfloat16()));
}

void add_sigmoids(OperatorTable& table) {
  using types::floats, types::floats_and_bfloat16;
  const Operator sigmoid = activation("Sigmoid", 6, "1 / (1 + e⁻ˣ).", floats(),
                                      unary_kernel<FloatTypes, logistic>, exponential_flops + 2);
  const Operator tanh = activation("Tanh", 6, "Hyperbolic tangent.", floats(),
                                   unary_kernel<FloatTypes, [](auto x) { return std::tanh(x); }>,
                                   exponential_flops, "input", "output");
  for (const Operator& record : {sigmoid, tanh}) {
    table.add(with_consumed_inputs(record));
    table.add(record);
    table.add(record.at(13).constraint("T", floats_and_bfloat16()));
  }
  const Operator hard =
      activation("HardSigmoid", 6, "alpha·x + beta, limited to [0, 1].", floats(), hard_sigmoid, 4)
          .attribute("alpha", 0.2f, "Slope of the linear part.")
          .attribute("beta", 0.5f, "Value at x = 0.");
  table.add(with_consumed_inputs(hard));
  table.add(hard);
  table.add(hard.at(22).constraint("T", floats_and_bfloat16()));
}

void add_smooth_activations(OperatorTable& table) {
  using types::floats, types::floats_and_bfloat16;
  const Operator smooth[] = {
      activation("HardSwish", 14, "x · clamp(x/6 + ½, 0, 1): Swish from straight lines.", floats(),
                 unary_kernel<FloatTypes, hard_swish>, 5),
      activation("Softplus", 1, "ln(1 + eˣ).", floats(), unary_kernel<FloatTypes, softplus>,
                 2 * exponential_flops),
      activation("Softsign", 1, "x / (1 + |x|).", floats(), unary_kernel<FloatTypes, softsign>, 3, "input",
                 "output"),
      activation("Mish", 18, "x · tanh(ln(1 + eˣ)).", floats(), unary_kernel<FloatTypes, mish>,
                 3 * exponential_flops),
  };
  for (const Operator& record : smooth) {
    table.add(record);
    table.add(record.at(22).constraint("T", floats_and_bfloat16()));
  }
  table.add(activation("Gelu", 20,
                       "x·Φ(x), Φ the normal distribution's cumulative function: ½x(1 + erf(x/√2)).",
                       floats_and_bfloat16(), gelu, exponential_flops + 4)
                .attribute("approximate", std::string("none"),
                           "\"none\" for the exact form, \"tanh\" for the approximation."));
  table.add(activation("Swish", 24, "x · sigmoid(alpha·x); with alpha 1 also called SiLU.",
                       floats_and_bfloat16(), swish, exponential_flops + 4)
                .attribute("alpha", 1.0f, "Steepness of the sigmoid."));
}

void add_limiters(OperatorTable& table) {
  table.add(activation("Shrink", 9, "x + bias below −lambd, x − bias above lambd, 0 between.",
                       types::numbers(), shrink, 2, "input", "output")
                .attribute("bias", 0.0f, "What is taken from the magnitude.")
                .attribute("lambd", 0.5f, "Half the width of the zone that becomes 0."));

  const Operator by_attributes =
      unary_operator("Clip", 6, OperatorKind::Activation, "x limited to [min, max].", types::floats(),
                     "input", "output")
          .kernel(clip)
          .cost(per_element(2))
          .example("input = float[5]{-2..2}; min = -1; max = 1");
  table.add(with_consumed_inputs(by_attributes)
                .optional_attribute("min", AttributeType::Float, "Least value of the result.")
                .optional_attribute("max", AttributeType::Float, "Greatest value of the result."));
  table.add(Operator(by_attributes)
                .attribute("min", std::numeric_limits<float>::lowest(), "Least value of the result.")
                .attribute("max", std::numeric_limits<float>::max(), "Greatest value of the result."));
  const Operator by_inputs = by_attributes.at(11)
                                 .optional_input("min", "T", "Scalar: least value of the result.")
                                 .optional_input("max", "T", "Scalar: greatest value of the result.")
                                 .example("input = float[5]{-2..2}; min = float{-1}; max = float{1}");
  table.add(by_inputs);
  table.add(by_inputs.at(12).constraint("T", types::numbers()));
  table.add(by_inputs.at(13).constraint("T", types::numbers_and_bfloat16()));
}

}  // namespace

void register_activation(OperatorTable& table) {
  add_rectifiers(table);
  add_exponential_units(table);
  add_sigmoids(table);
  add_smooth_activations(table);
  add_limiters(table);
  table.note_change(
      "PRelu", 7,
      "the slope broadcasts to the sizes of X by numpy's rule; before, it was one number or one a channel");
}

}  // namespace lapidary
