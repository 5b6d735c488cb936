// Vector kernels, compiled once for each instruction set: foreach_target.h includes this file again for every
// target, each time with another meaning of HWY_NAMESPACE; HWY_EXPORT collects the results,
// HWY_DYNAMIC_DISPATCH picks the best that the machine runs. Everything between HWY_BEFORE_NAMESPACE and
// HWY_AFTER_NAMESPACE exists once for each.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/cpu/vector_math.cpp"
#include <hwy/foreach_target.h>
// clang-format off: the order matters
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
// clang-format on

#include "engine/cpu/elementwise.h"
#include "engine/cpu/vector_functions-inl.h"
#include "engine/cpu/vector_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace lapidary::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// out = f(a), in whole vectors and a padded last one.
template <class F>
void map(const float* a, float* out, std::size_t count, F f) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(f(d, hn::LoadU(d, a + i)), d, out + i);
  if (i == count) return;
  store_tail(d, f(d, load_tail(d, a + i, count - i)), out + i, count - i);
}

template <class F>
void map(const float* a, const float* b, float* out, std::size_t count, F f) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(f(d, hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, out + i);
  if (i == count) return;
  store_tail(d, f(d, load_tail(d, a + i, count - i), load_tail(d, b + i, count - i)), out + i, count - i);
}

template <class F>
void map(const float* a, const float* b, const float* c, float* out, std::size_t count, F f) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(f(d, hn::LoadU(d, a + i), hn::LoadU(d, b + i), hn::LoadU(d, c + i)), d, out + i);
  if (i == count) return;
  const std::size_t rest = count - i;
  store_tail(d, f(d, load_tail(d, a + i, rest), load_tail(d, b + i, rest), load_tail(d, c + i, rest)),
             out + i, rest);
}

void apply_linear(const ElementStep& step, const float* a, float* out, std::size_t n) {
  const hn::ScalableTag<float> tag;
  const auto alpha = hn::Set(tag, step.alpha), beta = hn::Set(tag, step.beta), zero = hn::Zero(tag);
  switch (step.code) {
    case ElementCode::Affine:
      return map(a, out, n, [&](auto, auto x) { return hn::MulAdd(x, alpha, beta); });
    case ElementCode::Relu:
      // Without a slope below 0: infinity times 0 would be no number.
      if (step.alpha == 0)
        return map(a, out, n, [&](auto, auto x) { return hn::IfThenElse(hn::Lt(x, zero), zero, x); });
      return map(a, out, n,
                 [&](auto, auto x) { return hn::IfThenElse(hn::Lt(x, zero), hn::Mul(alpha, x), x); });
    case ElementCode::Clip:
      // NaN stays NaN: a comparison with it is false.
      return map(a, out, n, [&](auto, auto x) {
        const auto low = hn::IfThenElse(hn::Lt(x, alpha), alpha, x);
        return hn::IfThenElse(hn::Gt(low, beta), beta, low);
      });
    case ElementCode::Abs:
      return map(a, out, n, [](auto, auto x) { return hn::Abs(x); });
    case ElementCode::Neg:
      return map(a, out, n, [](auto, auto x) { return hn::Neg(x); });
    case ElementCode::Square:
      return map(a, out, n, [](auto, auto x) { return hn::Mul(x, x); });
    case ElementCode::Sqrt:
      return map(a, out, n, [](auto, auto x) { return hn::Sqrt(x); });
    case ElementCode::Reciprocal:
      return map(a, out, n, [](auto d, auto x) { return hn::Div(hn::Set(d, 1.0f), x); });
    case ElementCode::Floor:
      return map(a, out, n, [](auto, auto x) { return hn::Floor(x); });
    case ElementCode::Ceil:
      return map(a, out, n, [](auto, auto x) { return hn::Ceil(x); });
    case ElementCode::Round:
      return map(a, out, n, [](auto, auto x) { return hn::Round(x); });
    case ElementCode::Copy:
      return map(a, out, n, [](auto, auto x) { return x; });
    case ElementCode::Sign:
      return map(a, out, n, [&](auto d, auto x) {
        const auto one = hn::Set(d, 1.0f);
        const auto negative = hn::IfThenElse(hn::Lt(x, zero), hn::Neg(one), x);  // keeps 0 and NaN
        return hn::IfThenElse(hn::Gt(x, zero), one, negative);
      });
    case ElementCode::Softsign:
      return map(a, out, n, [](auto d, auto x) { return hn::Div(x, hn::Add(hn::Set(d, 1.0f), hn::Abs(x))); });
    case ElementCode::ThresholdedRelu:
      return map(a, out, n, [&](auto, auto x) { return hn::IfThenElseZero(hn::Gt(x, alpha), x); });
    case ElementCode::HardSigmoid:
      return map(a, out, n, [&](auto d, auto x) {
        return hn::Max(zero, hn::Min(hn::Set(d, 1.0f), hn::MulAdd(x, alpha, beta)));
      });
    case ElementCode::HardSwish:
      return map(a, out, n, [&](auto d, auto x) {
        const auto gate = hn::MulAdd(x, hn::Set(d, 1.0f / 6), hn::Set(d, 0.5f));
        return hn::Mul(x, hn::Max(zero, hn::Min(hn::Set(d, 1.0f), gate)));
      });
    default:
      return;
  }
}

/// 1 where `test` holds, else 0. What is not a number is not equal to anything; Ne leaves that open.
void apply_test(const ElementStep& step, const float* a, float* out, std::size_t n) {
  const auto flag = [](auto d, auto mask) { return hn::IfThenElseZero(mask, hn::Set(d, 1.0f)); };
  switch (step.code) {
    case ElementCode::Not:
      return map(a, out, n, [&](auto d, auto x) { return flag(d, hn::Eq(x, hn::Zero(d))); });
    case ElementCode::NotZero:
      return map(a, out, n, [&](auto d, auto x) { return flag(d, hn::Not(hn::Eq(x, hn::Zero(d)))); });
    case ElementCode::IsNaN:
      return map(a, out, n, [&](auto d, auto x) { return flag(d, hn::IsNaN(x)); });
    case ElementCode::IsInf: {
      // A limit that no number equals where that infinity is not asked for.
      constexpr float infinity = std::numeric_limits<float>::infinity();
      constexpr float nothing = std::numeric_limits<float>::quiet_NaN();
      const float above = step.alpha != 0 ? infinity : nothing, below = step.beta != 0 ? -infinity : nothing;
      return map(a, out, n, [&](auto d, auto x) {
        return flag(d, hn::Or(hn::Eq(x, hn::Set(d, above)), hn::Eq(x, hn::Set(d, below))));
      });
    }
    default:
      return apply_linear(step, a, out, n);
  }
}

/// Functions that have no vector form here.
template <class F>
void map_one_by_one(const float* a, float* out, std::size_t n, F f) {
  for (std::size_t i = 0; i < n; ++i) out[i] = f(a[i]);
}

/// Sine or cosine: the vector form where angles are small enough for its reduction.
template <class F, class G>
void map_angle(const float* a, float* out, std::size_t n, F vector, G single) {
  constexpr float most = 30000;
  bool small = true;
  for (std::size_t i = 0; i < n; ++i) small = small && std::fabs(a[i]) <= most;
  if (small)
    map(a, out, n, vector);
  else
    map_one_by_one(a, out, n, single);
}

void apply_transcendental(const ElementStep& step, const float* a, float* out, std::size_t n) {
  const hn::ScalableTag<float> tag;
  const auto alpha = hn::Set(tag, step.alpha);
  switch (step.code) {
    case ElementCode::Exp:
      return map(a, out, n, [](auto d, auto x) { return exponential(d, x); });
    case ElementCode::Log:
      return map(a, out, n, [](auto d, auto x) { return logarithm(d, x); });
    case ElementCode::Sigmoid:
      return map(a, out, n, [](auto d, auto x) { return sigmoid(d, x); });
    case ElementCode::Tanh:
      return map(a, out, n, [](auto d, auto x) { return hyperbolic_tangent(d, x); });
    case ElementCode::Erf:
      return map(a, out, n, [](auto d, auto x) { return error_function(d, x); });
    case ElementCode::Gelu:
      return map(a, out, n, [](auto d, auto x) {
        const auto erf = error_function(d, hn::Mul(x, hn::Set(d, 0.70710678118654752f)));
        return hn::Mul(hn::Mul(x, hn::Set(d, 0.5f)), hn::Add(erf, hn::Set(d, 1.0f)));
      });
    case ElementCode::GeluTanh:
      return map(a, out, n, [](auto d, auto x) {
        const auto cubic = hn::MulAdd(hn::Mul(hn::Mul(x, x), x), hn::Set(d, 0.044715f), x);
        // ½(1 + tanh u) is sigmoid(2u), which keeps its digits where tanh u comes near -1.
        return hn::Mul(x, sigmoid(d, hn::Mul(cubic, hn::Set(d, 2 * 0.79788456080286536f))));
      });
    case ElementCode::Elu:
      return map(a, out, n, [&](auto d, auto x) {
        const auto below = hn::Mul(alpha, hn::Expm1(d, x));
        return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), below, x);
      });
    case ElementCode::Swish:
      return map(a, out, n, [&](auto d, auto x) { return hn::Mul(x, sigmoid(d, hn::Mul(alpha, x))); });
    case ElementCode::Sin:
      return map_angle(
          a, out, n, [](auto d, auto x) { return hn::Sin(d, x); }, [](float x) { return std::sin(x); });
    case ElementCode::Cos:
      return map_angle(
          a, out, n, [](auto d, auto x) { return hn::Cos(d, x); }, [](float x) { return std::cos(x); });
    case ElementCode::Celu:
      return map(a, out, n, [&](auto d, auto x) {
        const auto power = hn::Div(x, alpha);  // above 0 where alpha is below; Expm1 knows no infinity there
        const auto rise = hn::IfThenElse(hn::Lt(power, hn::Zero(d)), hn::Expm1(d, power),
                                         hn::Sub(exponential(d, power), hn::Set(d, 1.0f)));
        const auto low = hn::Mul(alpha, rise);
        return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), low, x);
      });
    case ElementCode::Selu:
      return map(a, out, n, [&](auto d, auto x) {
        const auto low = hn::Mul(alpha, hn::Expm1(d, x));
        return hn::Mul(hn::Set(d, step.beta), hn::IfThenElse(hn::Gt(x, hn::Zero(d)), x, low));
      });
    case ElementCode::Mish:
      return map(a, out, n, [](auto d, auto x) {
        const auto small = hn::Log1p(d, exponential(d, hn::Neg(hn::Abs(x))));
        return hn::Mul(x, hyperbolic_tangent(d, hn::Add(hn::Max(x, hn::Zero(d)), small)));
      });
    case ElementCode::Softplus:
      // max(x, 0) + log(1 + exp(-|x|)) does not overflow.
      return map(a, out, n, [](auto d, auto x) {
        const auto small = hn::Log1p(d, exponential(d, hn::Neg(hn::Abs(x))));
        return hn::Add(hn::Max(x, hn::Zero(d)), small);
      });
    default:
      return apply_test(step, a, out, n);
  }
}

void apply_comparison(const ElementStep& step, const float* a, const float* b, float* out, std::size_t n) {
  const auto flag = [](auto d, auto mask) { return hn::IfThenElseZero(mask, hn::Set(d, 1.0f)); };
  switch (step.code) {
    case ElementCode::Equal:
      return map(a, b, out, n, [&](auto d, auto x, auto y) { return flag(d, hn::Eq(x, y)); });
    case ElementCode::NotEqual:
      return map(a, b, out, n, [&](auto d, auto x, auto y) { return flag(d, hn::Not(hn::Eq(x, y))); });
    case ElementCode::Less:
      return map(a, b, out, n, [&](auto d, auto x, auto y) { return flag(d, hn::Lt(x, y)); });
    case ElementCode::LessOrEqual:
      return map(a, b, out, n, [&](auto d, auto x, auto y) { return flag(d, hn::Le(x, y)); });
    case ElementCode::Pow:
      for (std::size_t i = 0; i < n; ++i) out[i] = std::pow(a[i], b[i]);
      return;
    case ElementCode::Fmod:
      for (std::size_t i = 0; i < n; ++i) out[i] = std::fmod(a[i], b[i]);
      return;
    case ElementCode::Mod:
      for (std::size_t i = 0; i < n; ++i) {
        const float rest = std::fmod(a[i], b[i]);
        out[i] = rest != 0 && (rest < 0) != (b[i] < 0) ? rest + b[i] : rest;
      }
      return;
    default:
      return apply_transcendental(step, a, out, n);
  }
}

void apply_step(const ElementStep& step, const float* a, const float* b, const float* c, float* out,
                std::size_t n) {
  switch (step.code) {
    case ElementCode::Where:
      return map(a, b, c, out, n, [](auto d, auto condition, auto x, auto y) {
        return hn::IfThenElse(hn::Ne(condition, hn::Zero(d)), x, y);
      });
    case ElementCode::Add:
      return map(a, b, out, n, [](auto, auto x, auto y) { return hn::Add(x, y); });
    case ElementCode::Sub:
      return map(a, b, out, n, [](auto, auto x, auto y) { return hn::Sub(x, y); });
    case ElementCode::Mul:
      return map(a, b, out, n, [](auto, auto x, auto y) { return hn::Mul(x, y); });
    case ElementCode::Div:
      return map(a, b, out, n, [](auto, auto x, auto y) { return hn::Div(x, y); });
    case ElementCode::Max:
      return map(a, b, out, n, [](auto, auto x, auto y) {
        return hn::IfThenElse(hn::Or(hn::Gt(x, y), hn::IsNaN(x)), x, y);
      });
    case ElementCode::Min:
      return map(a, b, out, n, [](auto, auto x, auto y) {
        return hn::IfThenElse(hn::Or(hn::Lt(x, y), hn::IsNaN(x)), x, y);
      });
    case ElementCode::PRelu:
      return map(a, b, out, n, [](auto d, auto x, auto slope) {
        return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Mul(x, slope), x);
      });
    default:
      return apply_comparison(step, a, b, out, n);
  }
}

/// y = (x − max) → exp → divided by the sum.
void softmax_row(const float* x, float* y, std::size_t n) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  auto largest = lowest;
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) largest = hn::Max(largest, hn::LoadU(d, x + i));
  const auto tail = hn::FirstN(d, n - i);
  if (i < n) largest = hn::Max(largest, hn::IfThenElse(tail, load_tail(d, x + i, n - i), lowest));
  const auto maximum = hn::MaxOfLanes(d, largest);
  auto sum = hn::Zero(d);
  for (i = 0; i + lanes <= n; i += lanes) {
    const auto e = exponential(d, hn::Sub(hn::LoadU(d, x + i), maximum));
    sum = hn::Add(sum, e);
    hn::StoreU(e, d, y + i);
  }
  if (i < n) {
    const auto e = hn::IfThenElseZero(tail, exponential(d, hn::Sub(load_tail(d, x + i, n - i), maximum)));
    sum = hn::Add(sum, e);
    store_tail(d, e, y + i, n - i);
  }
  const auto inverse = hn::Div(hn::Set(d, 1.0f), hn::SumOfLanes(d, sum));
  map(y, y, n, [&](auto, auto e) { return hn::Mul(e, inverse); });
}

/// Sum over a row of f(x).
template <class F>
float sum_row(const float* x, std::size_t n, F f) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  auto sum = hn::Zero(d), more = hn::Zero(d);
  std::size_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    sum = hn::Add(sum, f(hn::LoadU(d, x + i)));
    more = hn::Add(more, f(hn::LoadU(d, x + i + lanes)));
  }
  for (; i + lanes <= n; i += lanes) sum = hn::Add(sum, f(hn::LoadU(d, x + i)));
  if (i < n) {
    const auto tail = hn::FirstN(d, n - i);
    more = hn::Add(more, hn::IfThenElseZero(tail, f(load_tail(d, x + i, n - i))));
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(sum, more)));
}

/// In three passes over a row that stays in the nearest cache: what rounding takes from the mean would else
/// be missing from every difference, which shows where the numbers lie close together and far from 0.
Moments moments_of_row(const float* x, std::size_t n) {
  const hn::ScalableTag<float> d;
  const auto count = static_cast<float>(n);
  Moments found;
  found.mean = sum_row(x, n, [](auto v) { return v; }) / count;
  const auto centre = hn::Set(d, found.mean);
  found.rest = sum_row(x, n, [&](auto v) { return hn::Sub(v, centre); }) / count;
  const auto rest = hn::Set(d, found.rest);
  found.variance = sum_row(x, n,
                           [&](auto v) {
                             const auto difference = hn::Sub(hn::Sub(v, centre), rest);
                             return hn::Mul(difference, difference);
                           }) /
                   count;
  return found;
}

void normalize_row(const float* x, const float* scale, const float* bias, float epsilon, float* y,
                   std::size_t n) {
  const hn::ScalableTag<float> d;
  const Moments m = moments_of_row(x, n);
  const auto centre = hn::Set(d, m.mean), rest = hn::Set(d, m.rest),
             factor = hn::Set(d, 1.0f / std::sqrt(m.variance + epsilon));
  map(x, scale, y, n,
      [&](auto, auto v, auto s) { return hn::Mul(hn::Mul(hn::Sub(hn::Sub(v, centre), rest), factor), s); });
  if (bias) map(y, bias, y, n, [](auto, auto v, auto b) { return hn::Add(v, b); });
}

void scale_row_by_size(const float* x, const float* scale, const float* bias, float epsilon, float* y,
                       std::size_t n) {
  const hn::ScalableTag<float> d;
  const float squares = sum_row(x, n, [](auto v) { return hn::Mul(v, v); }) / static_cast<float>(n);
  const auto factor = hn::Set(d, 1.0f / std::sqrt(squares + epsilon));
  map(x, scale, y, n, [&](auto, auto v, auto s) { return hn::Mul(hn::Mul(v, factor), s); });
  if (bias) map(y, bias, y, n, [](auto, auto v, auto b) { return hn::Add(v, b); });
}

void range_of_row(const float* x, std::size_t n, float* least, float* greatest) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  constexpr float infinity = std::numeric_limits<float>::infinity();
  auto low = hn::Set(d, infinity), high = hn::Set(d, -infinity);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto v = hn::LoadU(d, x + i);
    low = hn::IfThenElse(hn::Lt(v, low), v, low);
    high = hn::IfThenElse(hn::Gt(v, high), v, high);
  }
  *least = hn::GetLane(hn::MinOfLanes(d, low));
  *greatest = hn::GetLane(hn::MaxOfLanes(d, high));
  for (; i < n; ++i) {
    if (x[i] < *least) *least = x[i];
    if (x[i] > *greatest) *greatest = x[i];
  }
}

float sum_of_row(const float* x, std::size_t n) {
  return sum_row(x, n, [](auto v) { return v; });
}

}  // namespace lapidary::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lapidary::cpu {

HWY_EXPORT(apply_step);
HWY_EXPORT(softmax_row);
HWY_EXPORT(normalize_row);
HWY_EXPORT(scale_row_by_size);
HWY_EXPORT(moments_of_row);
HWY_EXPORT(range_of_row);
HWY_EXPORT(sum_of_row);

void apply(const ElementStep& step, const float* a, const float* b, float* out, std::int64_t count,
           const float* c) {
  HWY_DYNAMIC_DISPATCH(apply_step)(step, a, b, c, out, static_cast<std::size_t>(count));
}

void softmax(const float* x, float* y, std::int64_t count) {
  HWY_DYNAMIC_DISPATCH(softmax_row)(x, y, static_cast<std::size_t>(count));
}

void normalize(const float* x, const float* scale, const float* bias, float epsilon, float* y,
               std::int64_t count) {
  HWY_DYNAMIC_DISPATCH(normalize_row)(x, scale, bias, epsilon, y, static_cast<std::size_t>(count));
}

void normalize_by_root_mean_square(const float* x, const float* scale, const float* bias, float epsilon,
                                   float* y, std::int64_t count) {
  HWY_DYNAMIC_DISPATCH(scale_row_by_size)(x, scale, bias, epsilon, y, static_cast<std::size_t>(count));
}

Moments moments(const float* x, std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(moments_of_row)(x, static_cast<std::size_t>(count));
}

std::pair<float, float> range(const float* x, std::int64_t count) {
  std::pair<float, float> found;
  HWY_DYNAMIC_DISPATCH(range_of_row)(x, static_cast<std::size_t>(count), &found.first, &found.second);
  return found;
}

float sum(const float* x, std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(sum_of_row)(x, static_cast<std::size_t>(count));
}

void for_each_instruction_set(const std::function<void(const std::string& name)>& check) {
  for (const auto target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    check(hwy::TargetName(target));
  }
  hwy::SetSupportedTargetsForTest(0);
}

}  // namespace lapidary::cpu
#endif
