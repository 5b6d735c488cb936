#pragma once

#include <complex>
#include <string>
#include <type_traits>

#include "engine/model/data_type.h"
#include "engine/model/error.h"
#include "engine/model/small_floats.h"

namespace lapidary {

/// The DataType of a C++ element type. Packed types (4 and 2 bits) have none: they are unpacked to int8/uint8
/// first.
template <class T>
inline constexpr DataType data_type_of = DataType::Undefined;
template <>
inline constexpr DataType data_type_of<float> = DataType::Float32;
template <>
inline constexpr DataType data_type_of<double> = DataType::Float64;
template <>
inline constexpr DataType data_type_of<Float16> = DataType::Float16;
template <>
inline constexpr DataType data_type_of<BFloat16> = DataType::BFloat16;
template <>
inline constexpr DataType data_type_of<Float8E4M3FN> = DataType::Float8E4M3FN;
template <>
inline constexpr DataType data_type_of<Float8E4M3FNUZ> = DataType::Float8E4M3FNUZ;
template <>
inline constexpr DataType data_type_of<Float8E5M2> = DataType::Float8E5M2;
template <>
inline constexpr DataType data_type_of<Float8E5M2FNUZ> = DataType::Float8E5M2FNUZ;
template <>
inline constexpr DataType data_type_of<Float8E8M0> = DataType::Float8E8M0;
template <>
inline constexpr DataType data_type_of<std::int8_t> = DataType::Int8;
template <>
inline constexpr DataType data_type_of<std::uint8_t> = DataType::UInt8;
template <>
inline constexpr DataType data_type_of<std::int16_t> = DataType::Int16;
template <>
inline constexpr DataType data_type_of<std::uint16_t> = DataType::UInt16;
template <>
inline constexpr DataType data_type_of<std::int32_t> = DataType::Int32;
template <>
inline constexpr DataType data_type_of<std::uint32_t> = DataType::UInt32;
template <>
inline constexpr DataType data_type_of<std::int64_t> = DataType::Int64;
template <>
inline constexpr DataType data_type_of<std::uint64_t> = DataType::UInt64;
template <>
inline constexpr DataType data_type_of<bool> = DataType::Bool;
template <>
inline constexpr DataType data_type_of<std::complex<float>> = DataType::Complex64;
template <>
inline constexpr DataType data_type_of<std::complex<double>> = DataType::Complex128;
template <>
inline constexpr DataType data_type_of<std::string> = DataType::String;

template <class... T>
struct TypeList {};

template <class... A, class... B>
constexpr TypeList<A..., B...> operator+(TypeList<A...>, TypeList<B...>) {
  return {};
}

using WideFloatTypes = TypeList<float, double>;
using FloatTypes = TypeList<float, double, Float16, BFloat16>;
using Float8Types = TypeList<Float8E4M3FN, Float8E4M3FNUZ, Float8E5M2, Float8E5M2FNUZ, Float8E8M0>;
using SignedIntegerTypes = TypeList<std::int32_t, std::int64_t, std::int8_t, std::int16_t>;
using UnsignedIntegerTypes = TypeList<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>;
using IntegerTypes = decltype(SignedIntegerTypes{} + UnsignedIntegerTypes{});
using NumberTypes = decltype(FloatTypes{} + IntegerTypes{});
using NumberAndBoolTypes = decltype(NumberTypes{} + TypeList<bool>{});
using ComplexTypes = TypeList<std::complex<float>, std::complex<double>>;

/// Calls `f.template operator()<T>()` for the T in the list whose data type is `type`; throws Error if none
/// is.
///   dispatch(FloatTypes{}, tensor.type(), [&]<class T>() { ... });
template <class... T, class F>
void dispatch(TypeList<T...>, DataType type, F&& f) {
  const bool found = ((data_type_of<T> == type ? (f.template operator()<T>(), true) : false) || ...);
  if (!found) throw Error("element type " + std::string(name_of(type)) + " is not supported here");
}

/// True for types in which arithmetic is done through float32 (16 and 8-bit floating types).
template <class T>
inline constexpr bool is_small_float =
    std::is_class_v<T>&& std::is_convertible_v<T, float>&& std::is_convertible_v<float, T>;

/// The type in which a kernel computes on elements of T: float for 16-bit and 8-bit floats, else T.
template <class T>
using ComputeType = std::conditional_t<is_small_float<T>, float, T>;

/// The type in which a kernel sums elements of T: double for float64, float for smaller floats, else 64-bit
/// integers.
template <class T>
using AccumulateType =
    std::conditional_t<std::is_integral_v<T>,
                       std::conditional_t<std::is_unsigned_v<T>, std::uint64_t, std::int64_t>,
                       ComputeType<T>>;

}  // namespace lapidary
