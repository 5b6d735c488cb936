// Elementary functions on vectors of float32, for the instruction set that is compiled now; see
// vector_math.cpp for why this file has no ordinary include guard.
#if defined(LAPIDARY_VECTOR_FUNCTIONS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LAPIDARY_VECTOR_FUNCTIONS_INL_H
#undef LAPIDARY_VECTOR_FUNCTIONS_INL_H
#else
#define LAPIDARY_VECTOR_FUNCTIONS_INL_H
#endif

#include <hwy/highway.h>

#include <cmath>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace lapidary::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The `count` numbers at `p`, fewer than a vector holds, and zeros behind them.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V load_tail(D d, const float* p, std::size_t count) {
#if HWY_TARGET <= HWY_AVX2
  return hn::MaskedLoad(hn::FirstN(d, count), d, p);
#else  // older sets have no masked loads: Highway would read a whole aligned vector
  HWY_ALIGN float lanes[hn::MaxLanes(d)] = {};
  for (std::size_t i = 0; i < count; ++i) lanes[i] = p[i];
  return hn::Load(d, lanes);
#endif
}

/// Stores only the first `count` numbers of `v`.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void store_tail(D d, V v, float* p, std::size_t count) {
#if HWY_TARGET <= HWY_AVX2
  hn::BlendedStore(v, hn::FirstN(d, count), d, p);
#else
  HWY_ALIGN float lanes[hn::MaxLanes(d)];
  hn::Store(v, d, lanes);
  for (std::size_t i = 0; i < count; ++i) p[i] = lanes[i];
#endif
}

/// eˣ within 2 units in the last place: x = k·ln 2 + r, a polynomial of degree 6 in r, and 2ᵏ put into the
/// exponent.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exponential(D d, V x) {
  const hn::RebindToSigned<D> di;
  const auto bounded = hn::Min(hn::Max(x, hn::Set(d, -104.0f)), hn::Set(d, 88.7228317f));
  const auto k = hn::Round(hn::Mul(bounded, hn::Set(d, 1.44269504089f)));
  auto r = hn::NegMulAdd(k, hn::Set(d, 0.693145752f), bounded);
  r = hn::NegMulAdd(k, hn::Set(d, 1.42860677e-6f), r);
  auto p = hn::Set(d, 1.3888949e-3f);
  p = hn::MulAdd(p, r, hn::Set(d, 8.3336083e-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 4.1666646e-2f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.6666665e-1f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.5f));
  p = hn::MulAdd(hn::Mul(p, r), r, hn::Add(r, hn::Set(d, 1.0f)));
  // 2ᵏ in two factors, so that results below the smallest normal number come out.
  const auto half = hn::ShiftRight<1>(hn::ConvertTo(di, k));
  const auto rest = hn::Sub(hn::ConvertTo(di, k), half);
  const auto bias = hn::Set(di, 127);
  const auto a = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(half, bias)));
  const auto b = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(rest, bias)));
  auto result = hn::Mul(hn::Mul(p, a), b);
  result = hn::IfThenElse(hn::Gt(x, hn::Set(d, 88.7228317f)),
                          hn::Set(d, std::numeric_limits<float>::infinity()), result);
  return hn::IfThenElse(hn::IsNaN(x), x, result);
}

/// ln x with the limits of IEEE 754: −∞ at 0, NaN below, ∞ at ∞.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V logarithm(D d, V x) {
  const auto infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  const auto result = hn::Log(d, x);
  const auto at_ends = hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(infinity),
                                      hn::Set(d, std::numeric_limits<float>::quiet_NaN()));
  const auto inside = hn::IfThenElse(hn::Eq(x, infinity), infinity, result);
  return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), inside, at_ends);
}

/// 1/(1 + e⁻ˣ).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V sigmoid(D d, V x) {
  const auto one = hn::Set(d, 1.0f);
  return hn::Div(one, hn::Add(one, exponential(d, hn::Neg(x))));
}

/// tanh x: x·P(x²) near 0, where the exponential form loses digits, else 1 − 2/(e²ˣ + 1) with x's sign.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V hyperbolic_tangent(D d, V x) {
  const auto one = hn::Set(d, 1.0f), magnitude = hn::Abs(x);
  const auto e = exponential(d, hn::Add(magnitude, magnitude));
  const auto far = hn::Sub(one, hn::Div(hn::Set(d, 2.0f), hn::Add(e, one)));
  const auto square = hn::Mul(x, x);
  auto p = hn::Set(d, -5.70498872745e-3f);
  p = hn::MulAdd(p, square, hn::Set(d, 2.06390887954e-2f));
  p = hn::MulAdd(p, square, hn::Set(d, -5.37397155531e-2f));
  p = hn::MulAdd(p, square, hn::Set(d, 1.33314422036e-1f));
  p = hn::MulAdd(p, square, hn::Set(d, -3.33332819422e-1f));
  const auto near = hn::MulAdd(hn::Mul(p, square), x, x);
  return hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, 0.625f)), near, hn::CopySign(far, x));
}

/// erf x. Near 0 a polynomial in x²; beyond, 1 − t·P(t)·e^(−x²) with t = 1/(1 + |x|/2) (Numerical Recipes,
/// erfcc, relative error of erfc below 1.2e-7).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V error_function(D d, V x) {
  const auto one = hn::Set(d, 1.0f), magnitude = hn::Abs(x);
  const auto t = hn::Div(one, hn::MulAdd(magnitude, hn::Set(d, 0.5f), one));
  constexpr float coefficients[] = {0.17087277f,  -0.82215223f, 1.48851587f, -1.13520398f, 0.27886807f,
                                    -0.18628806f, 0.09678418f,  0.37409196f, 1.00002368f,  -1.26551223f};
  auto p = hn::Set(d, coefficients[0]);
  for (int i = 1; i < 10; ++i) p = hn::MulAdd(p, t, hn::Set(d, coefficients[i]));
  const auto far = hn::NegMulAdd(t, exponential(d, hn::NegMulAdd(magnitude, magnitude, p)), one);
  const auto square = hn::Mul(x, x);
  auto q = hn::Set(d, -8.5480230e-4f);  // Taylor: 2/√π·Σ (−1)ⁿ x²ⁿ⁺¹ / (n!(2n + 1))
  q = hn::MulAdd(q, square, hn::Set(d, 5.2239776e-3f));
  q = hn::MulAdd(q, square, hn::Set(d, -2.6866170e-2f));
  q = hn::MulAdd(q, square, hn::Set(d, 1.1283792e-1f));
  q = hn::MulAdd(q, square, hn::Set(d, -3.7612639e-1f));
  q = hn::MulAdd(q, square, hn::Set(d, 1.1283792f));
  return hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, 0.5f)), hn::Mul(q, x), hn::CopySign(far, x));
}

}  // namespace lapidary::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
