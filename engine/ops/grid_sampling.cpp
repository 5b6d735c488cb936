#include "engine/ops/grid_sampling.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/model/error.h"
#include "engine/ops/interpolation.h"

namespace lapidary {
namespace {

/// `x` mirrored at both borders until it lies between them.
double reflected(double x, double low, double high) {
  const double range = high - low;
  if (range <= 0) return low;
  double place = std::fmod(std::abs(x - low), 2 * range);
  if (place > range) place = 2 * range - place;
  return low + place;
}

/// Neighbours of a coordinate along one axis; index -1 stands for a zero outside.
struct Neighbours {
  int count = 0;
  std::array<std::int64_t, 4> indices{};
  std::array<double, 4> weights{};
};

std::int64_t padded_index(std::int64_t index, std::int64_t size, const SampleMode& mode) {
  if (index >= 0 && index < size) return index;
  if (mode.padding == Padding::Zeros) return -1;
  if (mode.padding == Padding::Border) return std::clamp<std::int64_t>(index, 0, size - 1);
  const double edge = mode.align_corners ? 0.0 : -0.5;
  const double place = reflected(static_cast<double>(index), edge, static_cast<double>(size - 1) - edge);
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(place), 0, size - 1);
}

/// `normal` runs from -1 to 1 over the axis: between the centres of its outer pixels with align_corners, else
/// between their outer edges.
Neighbours neighbours(double normal, std::int64_t size, const SampleMode& mode) {
  const auto length = static_cast<double>(size);
  double x = mode.align_corners ? (normal + 1) / 2 * (length - 1) : ((normal + 1) * length - 1) / 2;
  x = std::isnan(x) ? -1 : std::clamp(x, -0x1p40, 0x1p40);
  if (mode.sampling == Sampling::Nearest) x = std::nearbyint(x);  // halves to even
  const double low = mode.align_corners ? 0.0 : -0.5, high = length - 1 - low;
  // Of a cubic, each neighbour is brought inside by itself, as PyTorch does, from where such models come.
  const bool outside = mode.sampling != Sampling::Cubic && (x < low || x > high);
  if (outside && mode.padding == Padding::Border) x = std::clamp(x, 0.0, length - 1);
  if (outside && mode.padding == Padding::Reflection) x = reflected(x, low, high);
  const auto below = static_cast<std::int64_t>(std::floor(x));
  const double fraction = x - static_cast<double>(below);
  Neighbours found;
  if (mode.sampling == Sampling::Nearest) {
    found = {1, {below}, {1.0}};
  } else if (mode.sampling == Sampling::Linear) {
    found = {2, {below, below + 1}, {1 - fraction, fraction}};
  } else {
    found = {4, {below - 1, below, below + 1, below + 2}, cubic_weights(fraction, -0.75)};
  }
  for (int i = 0; i < found.count; ++i) {
    auto& index = found.indices[static_cast<std::size_t>(i)];
    index = padded_index(index, size, mode);
  }
  return found;
}

}  // namespace

SampleMode sample_mode(const Node& node) {
  const auto mode = node.attribute_or("mode", std::string("linear")),
             padding = node.attribute_or("padding_mode", std::string("zeros"));
  SampleMode result{Sampling::Linear, Padding::Zeros,
                    node.attribute_or("align_corners", std::int64_t{0}) != 0};
  if (mode == "nearest")
    result.sampling = Sampling::Nearest;
  else if (mode == "cubic" || mode == "bicubic")
    result.sampling = Sampling::Cubic;
  else if (mode != "linear" && mode != "bilinear")
    throw Error("GridSample has no mode '" + mode + "'");
  if (padding == "border")
    result.padding = Padding::Border;
  else if (padding == "reflection")
    result.padding = Padding::Reflection;
  else if (padding != "zeros")
    throw Error("GridSample has no padding_mode '" + padding + "'");
  return result;
}

void shares_of(const double* point, const Dims& sizes, const SampleMode& mode, std::vector<Share>& shares) {
  shares.assign(1, {0, 1.0});
  std::vector<Share> next;
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    const auto found = neighbours(point[sizes.size() - 1 - axis], sizes[axis], mode);
    next.clear();
    for (const Share& share : shares)
      for (std::size_t i = 0; i < static_cast<std::size_t>(found.count); ++i)
        if (found.indices[i] >= 0 && found.weights[i] != 0)
          next.push_back({share.place * sizes[axis] + found.indices[i], share.weight * found.weights[i]});
    std::swap(shares, next);
  }
}

}  // namespace lapidary
