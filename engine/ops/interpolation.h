#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

/// Weights of neighbouring samples, shared by Resize and GridSample.
namespace lapidary {

/// Keys' cubic convolution kernel at distance `x` with coefficient `a` (R. G. Keys, 1981, equation 4).
inline double cubic_kernel(double x, double a) {
  x = std::abs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

/// Weights of the four samples around a point that lies `fraction` in [0, 1] after the second.
inline std::array<double, 4> cubic_weights(double fraction, double a) {
  return {cubic_kernel(fraction + 1, a), cubic_kernel(fraction, a), cubic_kernel(1 - fraction, a),
          cubic_kernel(2 - fraction, a)};
}

}  // namespace lapidary
