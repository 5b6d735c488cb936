#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/model/tensor.h"

namespace lapidary {

/// An element by its position in row-major order, and both values.
struct ElementPair {
  std::int64_t index = 0;
  double got = 0, want = 0;
};

/// How a tensor differs from the one that is wanted. Elements that are equal, NaN on both sides included,
/// have error 0; where only one side is NaN or infinite, the error is infinite and counts in
/// `not_finite_on_one_side` alone: the means are over the others.
struct TensorMetrics {
  std::int64_t elements = 0;
  bool identical = true;  ///< no element differs
  double max_absolute = 0, mean_absolute = 0;
  double max_relative = 0;  ///< |got − want| beside the larger of both, or a thousandth of `scale`
  double rmse = 0, cosine = 1;
  double snr_db = 0;  ///< 10·log₁₀(Σ want² / Σ (got − want)²); infinite without error
  double ulp_median = 0, ulp_p99 = 0, ulp_max = 0;  ///< in units in the last place of the coarser type
  std::int64_t nan = 0, infinite = 0;               ///< elements that are so on either side
  std::int64_t not_finite_on_one_side = 0;
  double scale = 0;  ///< largest finite |want|
  /// Elements by size of their error relative to `scale`: [0] none, [i] below 10^(i − 17), the last all
  /// above.
  static constexpr std::size_t error_bins = 20;
  std::array<std::int64_t, error_bins> error_histogram{};
  std::vector<ElementPair> worst;  ///< up to `worst_elements`, largest error first
  static constexpr std::size_t worst_elements = 5;
  /// Of class scores [C] or [N, C]: rows in which both have the same class first, and the share of the five
  /// best classes that both name.
  std::optional<double> top_1_agreement, top_5_agreement;

  /// max_absolute beside the scale; infinite where only one side is finite.
  double relative_to_scale() const;
};

/// Both tensors hold numbers, or bools, of any types, and have as many elements. Reads both in blocks:
/// nothing of their size is copied. Throws Error for strings and complex numbers, and where the numbers of
/// elements differ.
TensorMetrics metrics_of(const Tensor& got, const Tensor& want);

/// True for what metrics_of() takes.
bool has_metrics(const Tensor& tensor);

/// The spacing of numbers at 1: 2⁻²³ for float32; 0 for integers and bools.
double epsilon_of(DataType type);

}  // namespace lapidary
