#pragma once

#include <cstdint>
#include <functional>
#include <type_traits>

namespace lapidary {

/// f(a, b) for integers in unsigned arithmetic, so that they wrap around as two's complement hardware does,
/// where C++ leaves signed overflow undefined; other numbers plainly.
template <class T, class F>
T wrapping(T a, T b, F f) {
  if constexpr (std::is_integral_v<T>) {
    using Unsigned = std::common_type_t<std::uint32_t, std::make_unsigned_t<T>>;
    return static_cast<T>(f(static_cast<Unsigned>(a), static_cast<Unsigned>(b)));
  } else {
    return f(a, b);
  }
}

inline constexpr auto wrapping_add = []<class T>(T a, T b) { return wrapping(a, b, std::plus<>()); };
inline constexpr auto wrapping_subtract = []<class T>(T a, T b) { return wrapping(a, b, std::minus<>()); };
inline constexpr auto wrapping_multiply = []<class T>(T a, T b) {
  return wrapping(a, b, std::multiplies<>());
};

}  // namespace lapidary
