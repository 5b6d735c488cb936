#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace lapidary {

/// A floating number as integer T, rounded toward zero: beyond T's range its nearest end, NaN becomes 0.
/// Defined for every value, where C++'s own conversion is not.
template <class T>
T saturating_cast(double value) {
  static_assert(std::is_integral_v<T>);
  if (std::isnan(value)) return T{0};
  constexpr auto least = static_cast<double>(std::numeric_limits<T>::lowest());
  // For 64-bit integers the greatest rounds up to a power of two, which is already out of range.
  constexpr auto greatest = static_cast<double>(std::numeric_limits<T>::max());
  if (value <= least) return std::numeric_limits<T>::lowest();
  if (value >= greatest) return std::numeric_limits<T>::max();
  return static_cast<T>(value);
}

/// A number computed in double as T, whatever kind of number that is: integers as saturating_cast() makes
/// them.
template <class T>
T from_double(double value) {
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
    return saturating_cast<T>(value);
  else
    return static_cast<T>(value);
}

}  // namespace lapidary
