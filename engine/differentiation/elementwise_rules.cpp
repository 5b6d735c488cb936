#include <cmath>
#include <numbers>

#include "engine/differentiation/rules.h"
#include "engine/model/error.h"

namespace lapidary::differentiation {
namespace {

using E = Expression;

// --- one input: dx = dy · f'(x), with x and y = f(x) at hand ---

using Slope = E (*)(const Reverse&, const E& x, const E& y);

template <Slope slope>
std::vector<E> of_one(Reverse& r) {
  return {r.upstream[0] * slope(r, r.inputs[0], r.outputs[0])};
}

double real(const Reverse& r, const char* name, double otherwise) {
  return static_cast<double>(r.attribute(name, static_cast<float>(otherwise)));
}

E positive(const E& x) { return where_true("Greater", x, 0); }
/// `above` where x > 0, else `below`.
E choose(const E& x, const E& above, const E& below) {
  return positive(x) * above + (1.0 - positive(x)) * below;
}

E slope_abs(const Reverse&, const E& x, const E&) { return apply("Sign", x); }
E slope_exp(const Reverse&, const E&, const E& y) { return y; }
E slope_log(const Reverse&, const E& x, const E&) { return 1.0 / x; }
E slope_sqrt(const Reverse&, const E&, const E& y) { return 0.5 / y; }
E slope_reciprocal(const Reverse&, const E&, const E& y) { return -(y * y); }
E slope_negation(const Reverse& r, const E& x, const E&) { return r.writer.number(-1, x); }
E slope_identity(const Reverse& r, const E& x, const E&) { return r.writer.number(1, x); }
E slope_sin(const Reverse&, const E& x, const E&) { return apply("Cos", x); }
E slope_cos(const Reverse&, const E& x, const E&) { return -apply("Sin", x); }
E slope_tan(const Reverse&, const E&, const E& y) { return y * y + 1; }
E slope_asin(const Reverse&, const E& x, const E&) { return 1.0 / apply("Sqrt", 1.0 - x * x); }
E slope_acos(const Reverse&, const E& x, const E&) { return -1.0 / apply("Sqrt", 1.0 - x * x); }
E slope_atan(const Reverse&, const E& x, const E&) { return 1.0 / (x * x + 1); }
E slope_sinh(const Reverse&, const E& x, const E&) { return apply("Cosh", x); }
E slope_cosh(const Reverse&, const E& x, const E&) { return apply("Sinh", x); }
E slope_tanh(const Reverse&, const E&, const E& y) { return 1.0 - y * y; }
E slope_asinh(const Reverse&, const E& x, const E&) { return 1.0 / apply("Sqrt", x * x + 1); }
E slope_acosh(const Reverse&, const E& x, const E&) { return 1.0 / apply("Sqrt", x * x + -1.0); }
E slope_atanh(const Reverse&, const E& x, const E&) { return 1.0 / (1.0 - x * x); }

/// 2/√π · exp(−x²)
E slope_erf(const Reverse&, const E& x, const E&) {
  return apply("Exp", -(x * x)) * (2 * std::numbers::inv_sqrtpi);
}

E slope_relu(const Reverse&, const E& x, const E&) { return positive(x); }
E slope_leaky_relu(const Reverse& r, const E& x, const E&) {
  return choose(x, r.writer.number(1, x), r.writer.number(real(r, "alpha", 0.01), x));
}
E slope_thresholded_relu(const Reverse& r, const E& x, const E&) {
  return where_true("Greater", x, real(r, "alpha", 1));
}
/// Below zero y = α(exp(x) − 1), so that its slope is y + α.
E slope_elu(const Reverse& r, const E& x, const E& y) {
  return choose(x, r.writer.number(1, x), y + real(r, "alpha", 1));
}
E slope_selu(const Reverse& r, const E& x, const E& y) {
  const double alpha = real(r, "alpha", 1.67326319217681884765625),
               gamma = real(r, "gamma", 1.05070102214813232421875);
  return choose(x, r.writer.number(gamma, x), y + alpha * gamma);
}
/// Below zero y = α(exp(x/α) − 1).
E slope_celu(const Reverse& r, const E& x, const E& y) {
  return choose(x, r.writer.number(1, x), y * (1 / real(r, "alpha", 1)) + 1);
}
E slope_sigmoid(const Reverse&, const E&, const E& y) { return y * (1.0 - y); }
E slope_hard_sigmoid(const Reverse& r, const E&, const E& y) {
  return where_true("Greater", y, 0) * where_true("Less", y, 1) * real(r, "alpha", 0.2);
}
E slope_softplus(const Reverse&, const E& x, const E&) { return apply("Sigmoid", x); }
E slope_softsign(const Reverse&, const E& x, const E&) {
  const E wide = apply("Abs", x) + 1;
  return 1.0 / (wide * wide);
}
/// y = x·h with h = clamp(x/6 + 1/2, 0, 1).
E slope_hard_swish(const Reverse&, const E& x, const E&) {
  const E h = x * (1.0 / 6) + 0.5;
  const E inside = where_true("Greater", h, 0) * where_true("Less", h, 1);
  return inside * (x * (1.0 / 3) + 0.5) + where_true("GreaterOrEqual", h, 1);
}
/// y = x·tanh(softplus(x))
E slope_mish(const Reverse&, const E& x, const E&) {
  const E t = apply("Tanh", apply("Softplus", x));
  return t + x * apply("Sigmoid", x) * (1.0 - t * t);
}
/// y = x·σ(αx)
E slope_swish(const Reverse& r, const E& x, const E&) {
  const double alpha = real(r, "alpha", 1);
  const E s = apply("Sigmoid", x * alpha);
  return s + x * alpha * s * (1.0 - s);
}
/// y = x·Φ(x), or its approximation by tanh(√(2/π)(x + 0.044715x³)).
E slope_gelu(const Reverse& r, const E& x, const E&) {
  if (r.attribute("approximate", std::string("none")) == "tanh") {
    const double c = std::sqrt(2 / std::numbers::pi);
    const E t = apply("Tanh", (x + x * x * x * 0.044715) * c);
    return t * 0.5 + 0.5 + x * (1.0 - t * t) * (x * x * (3 * 0.044715) + 1) * (0.5 * c);
  }
  const E cumulative = apply("Erf", x * (1 / std::numbers::sqrt2)) * 0.5 + 0.5;
  return cumulative + x * apply("Exp", x * x * -0.5) * (std::numbers::inv_sqrtpi / std::numbers::sqrt2);
}
/// Outside of ±lambd a shift, inside zero.
E slope_shrink(const Reverse& r, const E& x, const E&) {
  return where_true("Greater", apply("Abs", x), real(r, "lambd", 0.5));
}
/// What was cut has no influence.
E slope_clip(const Reverse&, const E& x, const E& y) { return where_true("Equal", x, y); }

// --- several inputs, broadcast together ---

std::vector<E> add(Reverse& r) {
  std::vector<E> result;
  for (const E& x : r.inputs) result.push_back(unbroadcast(r.upstream[0], x));
  return result;
}

std::vector<E> mean(Reverse& r) {
  std::vector<E> result;
  const E share = r.upstream[0] * (1.0 / static_cast<double>(r.inputs.size()));
  for (const E& x : r.inputs) result.push_back(unbroadcast(share, x));
  return result;
}

std::vector<E> subtract(Reverse& r) {
  return {unbroadcast(r.upstream[0], r.inputs[0]), unbroadcast(-r.upstream[0], r.inputs[1])};
}

std::vector<E> multiply(Reverse& r) {
  const E &a = r.inputs[0], &b = r.inputs[1], &dy = r.upstream[0];
  return {unbroadcast(dy * b, a), unbroadcast(dy * a, b)};
}

std::vector<E> divide(Reverse& r) {
  const E &a = r.inputs[0], &b = r.inputs[1], &dy = r.upstream[0];
  return {unbroadcast(dy / b, a), unbroadcast(-(dy * r.outputs[0] / b), b)};
}

/// d(aᵇ) = b·aᵇ⁻¹·da + aᵇ·log(a)·db; the logarithm counts only where a > 0.
std::vector<E> power(Reverse& r) {
  const E &a = r.inputs[0], &dy = r.upstream[0];
  const E b = r.writer.call("CastLike", {r.inputs[1], a});
  const E safe = r.writer.call(
      "Where", {r.writer.call("Greater", {a, r.writer.number(0, a)}), a, r.writer.number(1, a)});
  const E by_base = dy * b * r.writer.call("Pow", {a, b + -1.0});
  const E by_exponent = dy * r.outputs[0] * apply("Log", safe);
  return {unbroadcast(by_base, a), r.writer.call("CastLike", {unbroadcast(by_exponent, b), r.inputs[1]})};
}

/// The greatest (least) take the derivative, in equal parts where several are.
std::vector<E> extreme(Reverse& r) {
  std::vector<E> chosen, result;
  for (const E& x : r.inputs)
    chosen.push_back(where_true("Equal", expanded_as(x, r.outputs[0]), r.outputs[0]));
  E count = chosen[0];
  for (std::size_t i = 1; i < chosen.size(); ++i) count = count + chosen[i];
  for (std::size_t i = 0; i < chosen.size(); ++i)
    result.push_back(unbroadcast(r.upstream[0] * chosen[i] / count, r.inputs[i]));
  return result;
}

std::vector<E> prelu(Reverse& r) {
  const E &x = r.inputs[0], &slope = r.inputs[1], &dy = r.upstream[0];
  const E below = where_true("Less", x, 0);
  return {dy * (below * slope + (1.0 - below)), unbroadcast(dy * below * x, slope)};
}

std::vector<E> cast(Reverse& r) { return {r.writer.call("CastLike", {r.upstream[0], r.inputs[0]})}; }
std::vector<E> cast_like(Reverse& r) { return {r.writer.call("CastLike", {r.upstream[0], r.inputs[0]}), {}}; }

/// With fmod, a − b·trunc(a/b): the quotient's whole part does not change.
std::vector<E> modulo(Reverse& r) {
  const E &a = r.inputs[0], &b = r.inputs[1], &dy = r.upstream[0];
  const E quotient = a / b;
  const E whole = r.attribute("fmod", std::int64_t{0}) != 0
                      ? apply("Sign", quotient) * apply("Floor", apply("Abs", quotient))
                      : apply("Floor", quotient);
  return {unbroadcast(dy, a), unbroadcast(-(dy * whole), b)};
}

/// Without training, what Dropout does nothing to.
std::vector<E> dropout(Reverse& r) {
  if (r.inputs.size() > 2 && r.inputs[2].is_present())
    throw Error("Dropout can be differentiated only where it does not train");
  return {r.upstream[0]};
}

}  // namespace

const std::vector<NamedRule>& elementwise_rules() {
  static const std::vector<NamedRule> rules = {
      {"Abs", of_one<slope_abs>},
      {"Acos", of_one<slope_acos>},
      {"Acosh", of_one<slope_acosh>},
      {"Add", add},
      {"Asin", of_one<slope_asin>},
      {"Asinh", of_one<slope_asinh>},
      {"Atan", of_one<slope_atan>},
      {"Atanh", of_one<slope_atanh>},
      {"Cast", cast},
      {"CastLike", cast_like},
      {"Celu", of_one<slope_celu>},
      {"Clip", of_one<slope_clip>},
      {"Cos", of_one<slope_cos>},
      {"Cosh", of_one<slope_cosh>},
      {"Div", divide},
      {"Dropout", dropout},
      {"Elu", of_one<slope_elu>},
      {"Erf", of_one<slope_erf>},
      {"Exp", of_one<slope_exp>},
      {"Gelu", of_one<slope_gelu>},
      {"HardSigmoid", of_one<slope_hard_sigmoid>},
      {"HardSwish", of_one<slope_hard_swish>},
      {"Identity", of_one<slope_identity>},
      {"LeakyRelu", of_one<slope_leaky_relu>},
      {"Log", of_one<slope_log>},
      {"Max", extreme},
      {"Mean", mean},
      {"Min", extreme},
      {"Mish", of_one<slope_mish>},
      {"Mod", modulo},
      {"Mul", multiply},
      {"Neg", of_one<slope_negation>},
      {"PRelu", prelu},
      {"Pow", power},
      {"Reciprocal", of_one<slope_reciprocal>},
      {"Relu", of_one<slope_relu>},
      {"Selu", of_one<slope_selu>},
      {"Shrink", of_one<slope_shrink>},
      {"Sigmoid", of_one<slope_sigmoid>},
      {"Sin", of_one<slope_sin>},
      {"Sinh", of_one<slope_sinh>},
      {"Softplus", of_one<slope_softplus>},
      {"Softsign", of_one<slope_softsign>},
      {"Sqrt", of_one<slope_sqrt>},
      {"Sub", subtract},
      {"Sum", add},
      {"Swish", of_one<slope_swish>},
      {"Tan", of_one<slope_tan>},
      {"Tanh", of_one<slope_tanh>},
      {"ThresholdedRelu", of_one<slope_thresholded_relu>},
  };
  return rules;
}

}  // namespace lapidary::differentiation
