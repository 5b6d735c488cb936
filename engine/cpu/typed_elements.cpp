// Element-wise steps on float64 and integers, and conversions between element types: plain loops that the
// compiler turns into vector instructions, compiled once for each instruction set; see vector_math.cpp for
// how.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/cpu/typed_elements.cpp"
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)  // they add nothing to these loops
#include <hwy/foreach_target.h>
// clang-format off: the order matters
#include <hwy/highway.h>
// clang-format on

#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "engine/cpu/elementwise.h"
#include "engine/model/element_types.h"
#include "engine/model/saturating_cast.h"

HWY_BEFORE_NAMESPACE();
namespace lapidary::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
struct Operands {
  const T *a, *b, *c;
  T* out;
  std::size_t count;
};

template <class T, class F>
void map(const Operands<T>& x, F f) {
  for (std::size_t i = 0; i < x.count; ++i) x.out[i] = static_cast<T>(f(x.a[i]));
}
template <class T, class F>
void map_pairs(const Operands<T>& x, F f) {
  for (std::size_t i = 0; i < x.count; ++i) x.out[i] = static_cast<T>(f(x.a[i], x.b[i]));
}

/// Sums, differences and products wrap around, which only unsigned arithmetic does for sure.
template <class T>
auto wrap(T value) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<std::common_type_t<std::uint32_t, std::make_unsigned_t<T>>>(value);
  else
    return value;
}

template <class T>
T remainder_of(T a, T b) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<T>(a % b);
  else
    return std::fmod(a, b);
}

/// Steps that only floating numbers have; true if it was one.
bool apply_floating(const ElementStep& step, const Operands<double>& x) {
  switch (step.code) {
    case ElementCode::Exp:
      return map(x, [](double v) { return std::exp(v); }), true;
    case ElementCode::Log:
      return map(x, [](double v) { return std::log(v); }), true;
    case ElementCode::Sqrt:
      return map(x, [](double v) { return std::sqrt(v); }), true;
    case ElementCode::Reciprocal:
      return map(x, [](double v) { return 1 / v; }), true;
    case ElementCode::Sigmoid:
      return map(x, [](double v) { return 1 / (1 + std::exp(-v)); }), true;
    case ElementCode::Tanh:
      return map(x, [](double v) { return std::tanh(v); }), true;
    case ElementCode::Erf:
      return map(x, [](double v) { return std::erf(v); }), true;
    case ElementCode::Sin:
      return map(x, [](double v) { return std::sin(v); }), true;
    case ElementCode::Cos:
      return map(x, [](double v) { return std::cos(v); }), true;
    case ElementCode::Floor:
      return map(x, [](double v) { return std::floor(v); }), true;
    case ElementCode::Ceil:
      return map(x, [](double v) { return std::ceil(v); }), true;
    case ElementCode::Round:
      return map(x, [](double v) { return std::nearbyint(v); }), true;
    case ElementCode::IsNaN:
      return map(x, [](double v) { return v != v; }), true;
    case ElementCode::IsInf:
      return map(x, [&](double v) { return std::isinf(v) && (v > 0 ? step.alpha : step.beta) != 0; }), true;
    case ElementCode::Pow:
      return map_pairs(x, [](double v, double w) { return std::pow(v, w); }), true;
    default:
      return false;
  }
}

/// Steps that only integers have; true if it was one.
template <class T>
bool apply_bits(const ElementStep& step, const Operands<T>& x) {
  switch (step.code) {
    case ElementCode::BitNot:
      return map(x, [](T v) { return ~v; }), true;
    case ElementCode::BitAnd:
      return map_pairs(x, [](T v, T w) { return v & w; }), true;
    case ElementCode::BitOr:
      return map_pairs(x, [](T v, T w) { return v | w; }), true;
    case ElementCode::BitXor:
      return map_pairs(x, [](T v, T w) { return v ^ w; }), true;
    default:
      return false;
  }
}

template <class T>
bool apply_unary(const ElementStep& step, const Operands<T>& x) {
  switch (step.code) {
    case ElementCode::Copy:
      return map(x, [](T v) { return v; }), true;
    case ElementCode::Abs:
      return map(x, [](T v) { return v < T{0} ? static_cast<T>(wrap(T{0}) - wrap(v)) : v; }), true;
    case ElementCode::Neg:
      return map(x, [](T v) { return std::is_integral_v<T> ? static_cast<T>(wrap(T{0}) - wrap(v)) : -v; }),
             true;
    case ElementCode::Sign:
      return map(x, [](T v) { return v > T{0} ? T{1} : v < T{0} ? static_cast<T>(-1) : v; }), true;
    case ElementCode::Relu:
      return map(x,
                 [&](T v) {
                   if (!(v < T{0})) return v;
                   if (step.alpha == 0) return T{0};  // infinity times 0 would be no number
                   return static_cast<T>(static_cast<double>(step.alpha) * static_cast<double>(v));
                 }),
             true;
    case ElementCode::Square:
      return map(x, [](T v) { return wrap(v) * wrap(v); }), true;
    case ElementCode::Not:
      return map(x, [](T v) { return v == T{0}; }), true;
    case ElementCode::NotZero:
      return map(x, [](T v) { return v != T{0}; }), true;
    default:
      return false;
  }
}

template <class T>
bool apply_pairs(const ElementStep& step, const Operands<T>& x) {
  switch (step.code) {
    case ElementCode::Add:
      return map_pairs(x, [](T v, T w) { return wrap(v) + wrap(w); }), true;
    case ElementCode::Sub:
      return map_pairs(x, [](T v, T w) { return wrap(v) - wrap(w); }), true;
    case ElementCode::Mul:
      return map_pairs(x, [](T v, T w) { return wrap(v) * wrap(w); }), true;
    case ElementCode::Div:
      return map_pairs(x, [](T v, T w) { return v / w; }), true;
    case ElementCode::Mod:
      return map_pairs(x,
                       [](T v, T w) {
                         const T rest = remainder_of(v, w);
                         return rest != T{0} && (rest < T{0}) != (w < T{0}) ? static_cast<T>(rest + w) : rest;
                       }),
             true;
    case ElementCode::Fmod:
      return map_pairs(x, [](T v, T w) { return remainder_of(v, w); }), true;
    case ElementCode::Max:
      return map_pairs(x, [](T v, T w) { return v > w || v != v ? v : w; }), true;
    case ElementCode::Min:
      return map_pairs(x, [](T v, T w) { return v < w || v != v ? v : w; }), true;
    case ElementCode::PRelu:
      return map_pairs(x, [](T v, T w) { return v < T{0} ? static_cast<T>(wrap(v) * wrap(w)) : v; }), true;
    case ElementCode::Equal:
      return map_pairs(x, [](T v, T w) { return v == w; }), true;
    case ElementCode::NotEqual:
      return map_pairs(x, [](T v, T w) { return v != w; }), true;
    case ElementCode::Less:
      return map_pairs(x, [](T v, T w) { return v < w; }), true;
    case ElementCode::LessOrEqual:
      return map_pairs(x, [](T v, T w) { return v <= w; }), true;
    case ElementCode::Where:
      for (std::size_t i = 0; i < x.count; ++i) x.out[i] = x.a[i] != T{0} ? x.b[i] : x.c[i];
      return true;
    default:
      return false;
  }
}

/// With `count` 0 only says whether the step is known.
template <class T>
bool apply_as(const ElementStep& step, const void* a, const void* b, const void* c, void* out,
              std::size_t count) {
  const Operands<T> x{static_cast<const T*>(a), static_cast<const T*>(b), static_cast<const T*>(c),
                      static_cast<T*>(out), count};
  if (apply_unary(step, x) || apply_pairs(step, x)) return true;
  if constexpr (std::is_integral_v<T>)
    return apply_bits(step, x);
  else
    return apply_floating(step, x);
}

bool apply_number(DataType compute, const ElementStep& step, const void* a, const void* b, const void* c,
                  void* out, std::size_t count) {
  bool known = false;
  dispatch(TypeList<double>{} + IntegerTypes{}, compute,
           [&]<class T>() { known = apply_as<T>(step, a, b, c, out, count); });
  return known;
}

// --- conversions ---

void widen_half(const std::uint16_t* from, float* to, std::size_t count) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<hwy::float16_t, decltype(d)> half;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(hn::PromoteTo(d, hn::LoadU(half, reinterpret_cast<const hwy::float16_t*>(from + i))), d,
               to + i);
  for (; i < count; ++i) to[i] = Float16::from_bits(from[i]);
}

void narrow_half(const float* from, std::uint16_t* to, std::size_t count) {
  std::size_t i = 0;
#if HWY_TARGET <= HWY_AVX2  // older sets round otherwise
  const hn::ScalableTag<float> d;
  const hn::Rebind<hwy::float16_t, decltype(d)> half;
  const std::size_t lanes = hn::Lanes(d);
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(hn::DemoteTo(half, hn::LoadU(d, from + i)), half, reinterpret_cast<hwy::float16_t*>(to + i));
#endif
  for (; i < count; ++i) to[i] = Float16(from[i]).bits;
}

void widen_brain(const std::uint16_t* from, float* to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    to[i] = std::bit_cast<float>(static_cast<std::uint32_t>(from[i]) << 16);
}

void narrow_brain(const float* from, std::uint16_t* to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(from[i]);
    const std::uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16, quiet = (bits >> 16) | 0x40;
    to[i] = static_cast<std::uint16_t>((bits & 0x7fffffff) > 0x7f800000 ? quiet : rounded);
  }
}

/// Floating numbers as 8-bit integers: cut off, saturated, NaN as 0.
template <class To>
void narrow_to_bytes(const float* from, To* to, std::size_t count) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> whole;
  const hn::Rebind<To, decltype(d)> byte;
  const auto least = hn::Set(d, std::numeric_limits<To>::lowest()),
             greatest = hn::Set(d, std::numeric_limits<To>::max());
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto x = hn::LoadU(d, from + i), number = hn::IfThenElseZero(hn::Eq(x, x), x);
    const auto cut = hn::ConvertTo(whole, hn::Min(hn::Max(number, least), greatest));
    hn::StoreU(hn::DemoteTo(byte, cut), byte, to + i);
  }
  for (; i < count; ++i) to[i] = saturating_cast<To>(static_cast<double>(from[i]));
}

template <class From>
void widen_bytes(const From* from, float* to, std::size_t count) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> whole;
  const hn::Rebind<From, decltype(d)> byte;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(hn::ConvertTo(d, hn::PromoteTo(whole, hn::LoadU(byte, from + i))), d, to + i);
  for (; i < count; ++i) to[i] = static_cast<float>(from[i]);
}

using WholeTypes = decltype(WideFloatTypes{} + IntegerTypes{} + TypeList<bool>{});

template <class From, class To>
To converted(From x) {
  if constexpr (std::is_same_v<To, bool>)
    return x != From{0};
  else if constexpr (std::is_same_v<From, float> && std::is_integral_v<To> && sizeof(To) <= 2) {
    constexpr float least = std::numeric_limits<To>::lowest(), greatest = std::numeric_limits<To>::max();
    const float number = x == x ? x : 0.0f, above = number < least ? least : number;
    return static_cast<To>(static_cast<std::int32_t>(above > greatest ? greatest : above));
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>)
    return saturating_cast<To>(static_cast<double>(x));
  else
    return static_cast<To>(x);
}

void convert_whole(DataType from, const void* x, DataType to, void* y, std::size_t count) {
  dispatch(WholeTypes{}, from, [&]<class From>() {
    dispatch(WholeTypes{}, to, [&]<class To>() {
      const From* const in = static_cast<const From*>(x);
      To* const out = static_cast<To*>(y);
      constexpr auto is_byte = []<class T>(T) { return sizeof(T) == 1 && !std::is_same_v<T, bool>; };
      if constexpr (std::is_same_v<From, float> && is_byte(To{}))
        return narrow_to_bytes(in, out, count);
      else if constexpr (is_byte(From{}) && std::is_same_v<To, float>)
        return widen_bytes(in, out, count);
      for (std::size_t i = 0; i < count; ++i) out[i] = converted<From, To>(in[i]);
    });
  });
}

void convert(DataType from, const void* x, DataType to, void* y, std::size_t count) {
  constexpr std::size_t part = 1024;
  float numbers[part];
  const auto is_short = [](DataType type) { return type == DataType::Float16 || type == DataType::BFloat16; };
  if (!is_short(from) && !is_short(to)) return convert_whole(from, x, to, y, count);
  const auto from_size = static_cast<std::size_t>(bits_of(from) / 8),
             to_size = static_cast<std::size_t>(bits_of(to) / 8);
  for (std::size_t i = 0; i < count; i += part) {
    const std::size_t n = std::min(part, count - i);
    const void* const in = static_cast<const std::byte*>(x) + i * from_size;
    void* const out = static_cast<std::byte*>(y) + i * to_size;
    float* const wide = to == DataType::Float32 ? static_cast<float*>(out) : numbers;
    const float* source = wide;
    if (from == DataType::Float16)
      widen_half(static_cast<const std::uint16_t*>(in), wide, n);
    else if (from == DataType::BFloat16)
      widen_brain(static_cast<const std::uint16_t*>(in), wide, n);
    else if (from == DataType::Float32)
      source = static_cast<const float*>(in);
    else
      convert_whole(from, in, DataType::Float32, wide, n);
    if (to == DataType::Float16)
      narrow_half(source, static_cast<std::uint16_t*>(out), n);
    else if (to == DataType::BFloat16)
      narrow_brain(source, static_cast<std::uint16_t*>(out), n);
    else if (to != DataType::Float32)
      convert_whole(DataType::Float32, source, to, out, n);
  }
}

}  // namespace lapidary::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lapidary::cpu {

HWY_EXPORT(apply_number);
HWY_EXPORT(convert);

void apply_typed(DataType compute, const ElementStep& step, const void* a, const void* b, const void* c,
                 void* out, std::int64_t count) {
  HWY_DYNAMIC_DISPATCH(apply_number)(compute, step, a, b, c, out, static_cast<std::size_t>(count));
}

bool can_apply(DataType compute, ElementCode code) {
  if (compute == DataType::Float32)
    return (code < ElementCode::BitAnd && code != ElementCode::BitNot) || code == ElementCode::Where;
  const bool is_number = is_convertible(compute) && compute != DataType::Bool && bits_of(compute) > 0 &&
                         compute != DataType::Float16 && compute != DataType::BFloat16;
  return is_number &&
         HWY_DYNAMIC_DISPATCH(apply_number)(compute, {code}, nullptr, nullptr, nullptr, nullptr, 0);
}

void convert_elements(DataType from, const void* x, DataType to, void* y, std::int64_t count) {
  HWY_DYNAMIC_DISPATCH(convert)(from, x, to, y, static_cast<std::size_t>(count));
}

Tensor converted_elements(const Tensor& tensor, DataType to) {
  if (tensor.type() == to) return tensor;
  Tensor result(to, tensor.dims());
  convert_elements(tensor.type(), tensor.aligned().bytes().data(), to, result.mutable_bytes(), tensor.size());
  return result;
}

bool is_convertible(DataType type) {
  return type == DataType::Bool || (is_integer(type) && !is_sub_byte(type)) ||
         (is_floating(type) && bits_of(type) >= 16);
}

}  // namespace lapidary::cpu
#endif
