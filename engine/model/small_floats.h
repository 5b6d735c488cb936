#pragma once

#include <bit>
#include <cmath>
#include <compare>
#include <cstdint>
#include <limits>

namespace lapidary {

/// What a conversion does with a value beyond the largest finite one.
enum class Overflow { ToInfinity, Saturate };

/// A binary floating type of up to 16 bits with `ExponentBits` and `MantissaBits`, converted through float32.
/// `FiniteOnly` types (…FN) have no infinity; `UnsignedZero` types (…FNUZ) have one zero and one NaN (0x80).
/// Formats: IEEE 754 binary16, bfloat16, and ONNX's float 8 and 4 types (onnx/onnx docs "Float stored in 8
/// bits").
template <int ExponentBits, int MantissaBits, int Bias, bool FiniteOnly = false, bool UnsignedZero = false>
struct SmallFloat {
  static constexpr int bits_total = 1 + ExponentBits + MantissaBits;
  using Storage = std::conditional_t<(bits_total > 8), std::uint16_t, std::uint8_t>;

  Storage bits = 0;

  SmallFloat() = default;
  SmallFloat(float value)
      : bits(encode(value, Overflow::ToInfinity)) {}  // NOLINT: arithmetic reads as for float
  static SmallFloat from_bits(Storage b) {
    SmallFloat result;
    result.bits = b;
    return result;
  }
  static SmallFloat from(float value, Overflow overflow) { return from_bits(encode(value, overflow)); }

  operator float() const { return decode(bits); }  // NOLINT

  static constexpr int exponent_mask = (1 << ExponentBits) - 1;
  static constexpr int mantissa_mask = (1 << MantissaBits) - 1;
  static constexpr bool has_infinity = !FiniteOnly && !UnsignedZero;
  /// E2M1 has neither NaN nor infinity; E4M3FN has NaN only at all ones.
  static constexpr bool has_nan = bits_total > 4;

  static float decode(Storage b) {
    const int sign = (b >> (ExponentBits + MantissaBits)) & 1;
    const int exponent = (b >> MantissaBits) & exponent_mask;
    const int mantissa = b & mantissa_mask;
    const float s = sign ? -1.0f : 1.0f;
    if constexpr (UnsignedZero) {
      if (sign && exponent == 0 && mantissa == 0) return std::numeric_limits<float>::quiet_NaN();
    } else if constexpr (has_infinity) {
      if (exponent == exponent_mask) {
        return mantissa ? std::copysign(std::numeric_limits<float>::quiet_NaN(), s)
                        : s * std::numeric_limits<float>::infinity();
      }
    } else if constexpr (has_nan) {
      if (exponent == exponent_mask && mantissa == mantissa_mask)
        return std::copysign(std::numeric_limits<float>::quiet_NaN(), s);
    }
    if (exponent == 0) return s * std::ldexp(static_cast<float>(mantissa), 1 - Bias - MantissaBits);
    return s * std::ldexp(static_cast<float>(mantissa | (1 << MantissaBits)), exponent - Bias - MantissaBits);
  }

  static Storage encode(float value, Overflow overflow) {
    const auto word = std::bit_cast<std::uint32_t>(value);
    const auto sign = static_cast<Storage>((word >> 31) << (ExponentBits + MantissaBits));
    if (std::isnan(value)) return nan_bits(sign);
    if (std::isinf(value)) return overflow == Overflow::Saturate ? largest(sign) : infinite(sign);
    const float magnitude = std::fabs(value);
    int exponent = 0;
    if (magnitude == 0.0f) return zero(sign);
    std::frexp(magnitude, &exponent);  // magnitude = f · 2^exponent, f in [0.5, 1)
    int biased = exponent - 1 + Bias;
    // The spacing of representable values around `magnitude`; subnormals share the smallest normal's.
    const int quantum = (biased < 1 ? 1 : biased) - Bias - MantissaBits;
    const auto rounded = static_cast<std::int64_t>(std::nearbyint(std::ldexp(magnitude, -quantum)));
    if (rounded == 0) return zero(sign);
    std::int64_t code =
        biased < 1 ? rounded : rounded + (static_cast<std::int64_t>(biased - 1) << MantissaBits);
    if (code > largest(0)) return overflow == Overflow::Saturate ? largest(sign) : infinite(sign);
    return static_cast<Storage>(sign | static_cast<Storage>(code));
  }

  static constexpr Storage zero(Storage sign) { return UnsignedZero ? Storage{0} : sign; }
  static constexpr Storage nan_bits(Storage sign) {
    if constexpr (UnsignedZero) return static_cast<Storage>(1 << (ExponentBits + MantissaBits));
    if constexpr (!has_nan) return largest(sign);
    if constexpr (has_infinity)
      return static_cast<Storage>(sign | (exponent_mask << MantissaBits) | (1 << (MantissaBits - 1)));
    return static_cast<Storage>(sign | (exponent_mask << MantissaBits) | mantissa_mask);
  }
  static constexpr Storage infinite(Storage sign) {
    if constexpr (has_infinity) return static_cast<Storage>(sign | (exponent_mask << MantissaBits));
    return nan_bits(sign);
  }
  static constexpr Storage largest(Storage sign) {
    if constexpr (has_infinity)
      return static_cast<Storage>(sign | ((exponent_mask - 1) << MantissaBits) | mantissa_mask);
    if constexpr (UnsignedZero || !has_nan)
      return static_cast<Storage>(sign | (exponent_mask << MantissaBits) | mantissa_mask);
    return static_cast<Storage>(sign | (exponent_mask << MantissaBits) | (mantissa_mask - 1));
  }
};

using Float8E4M3FN = SmallFloat<4, 3, 7, true>;
using Float8E4M3FNUZ = SmallFloat<4, 3, 8, true, true>;
using Float8E5M2 = SmallFloat<5, 2, 15>;
using Float8E5M2FNUZ = SmallFloat<5, 2, 16, true, true>;
using Float4E2M1 = SmallFloat<2, 1, 1, true>;  ///< one element, unpacked in the low 4 bits

/// IEEE 754 binary16; the conversions are written with integer arithmetic since they stand in hot loops.
struct Float16 {
  std::uint16_t bits = 0;
  Float16() = default;
  Float16(float value) : bits(encode(value)) {}  // NOLINT: arithmetic reads as for float
  static Float16 from_bits(std::uint16_t b) {
    Float16 result;
    result.bits = b;
    return result;
  }
  operator float() const { return decode(bits); }  // NOLINT

  static float decode(std::uint16_t h) {
    const std::uint32_t sign = static_cast<std::uint32_t>(h & 0x8000u) << 16;
    const std::uint32_t rest = h & 0x7fffu;
    if (rest >= 0x7c00u) return std::bit_cast<float>(sign | 0x7f800000u | ((rest & 0x3ffu) << 13));
    if (rest >= 0x0400u) return std::bit_cast<float>(sign | ((rest << 13) + 0x38000000u));
    const float subnormal = static_cast<float>(rest) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(subnormal) | sign);
  }
  static std::uint16_t encode(float value) {
    const auto word = std::bit_cast<std::uint32_t>(value);
    const auto sign = static_cast<std::uint16_t>((word >> 16) & 0x8000u);
    const std::uint32_t magnitude = word & 0x7fffffffu;
    if (magnitude > 0x7f800000u)
      return static_cast<std::uint16_t>(sign | 0x7e00u | ((magnitude >> 13) & 0x1ffu));
    if (magnitude >= 0x477ff000u) return static_cast<std::uint16_t>(sign | 0x7c00u);
    if (magnitude < 0x38800000u) {  // below the smallest normal: round by adding a power of two in float32
      const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
      return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3f000000u));
    }
    const std::uint32_t odd = (magnitude >> 13) & 1u;
    return static_cast<std::uint16_t>(sign | ((magnitude - 0x38000000u + 0xfffu + odd) >> 13));
  }
};

/// The upper half of a float32, rounded to nearest even.
struct BFloat16 {
  std::uint16_t bits = 0;
  BFloat16() = default;
  BFloat16(float value) : bits(encode(value)) {}  // NOLINT: arithmetic reads as for float
  static BFloat16 from_bits(std::uint16_t b) {
    BFloat16 result;
    result.bits = b;
    return result;
  }
  operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }  // NOLINT
  static std::uint16_t encode(float value) {
    const auto word = std::bit_cast<std::uint32_t>(value);
    if ((word & 0x7fffffffu) > 0x7f800000u) return static_cast<std::uint16_t>((word >> 16) | 0x40u);
    return static_cast<std::uint16_t>((word + 0x7fffu + ((word >> 16) & 1u)) >> 16);
  }
};

/// A power of two, 2^(bits - 127); 0xff is NaN. Scales of block formats (OCP Microscaling, "E8M0").
struct Float8E8M0 {
  std::uint8_t bits = 0;
  Float8E8M0() = default;
  Float8E8M0(float value) : bits(encode(value)) {}  // NOLINT: arithmetic reads as for float
  static Float8E8M0 from_bits(std::uint8_t b) {
    Float8E8M0 result;
    result.bits = b;
    return result;
  }
  operator float() const {  // NOLINT
    if (bits == 0xff) return std::numeric_limits<float>::quiet_NaN();
    return std::ldexp(1.0f, static_cast<int>(bits) - 127);
  }
  static std::uint8_t encode(float value) {
    if (!(value > 0.0f) || std::isnan(value)) return value == 0.0f ? 0 : 0xff;
    if (std::isinf(value)) return 0xfe;
    int exponent = 0;
    const float fraction = std::frexp(value, &exponent);  // value = fraction · 2^exponent
    const int code = exponent - 1 + 127 + (fraction >= 0.75f ? 1 : 0);
    return static_cast<std::uint8_t>(code < 0 ? 0 : code > 0xfe ? 0xfe : code);
  }
};

}  // namespace lapidary
