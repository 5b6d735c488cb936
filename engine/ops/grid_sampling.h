#pragma once

#include <cstdint>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

enum class Sampling { Nearest, Linear, Cubic };
enum class Padding { Zeros, Border, Reflection };

struct SampleMode {
  Sampling sampling;
  Padding padding;
  bool align_corners;
};

/// The attributes of a GridSample of any version: 16 says bilinear and bicubic where 20 says linear and cubic.
/// Throws Error for modes that there are not.
SampleMode sample_mode(const Node& node);

/// One input element and its share in an output element.
struct Share {
  std::int64_t place;
  double weight;
};

/// Shares of all neighbours of one grid point in an image of `sizes`; the point [rank] names the innermost axis
/// first, and runs from -1 to 1 over each.
void shares_of(const double* point, const Dims& sizes, const SampleMode& mode, std::vector<Share>& shares);

}  // namespace lapidary
