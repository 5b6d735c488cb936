#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/model/tensor.h"

namespace lapidary {

// Numbers as steps: x ≈ scale·(q − zero point).

/// Of a whole tensor.
struct Steps {
  float scale = 1;
  std::int64_t zero_point = 0;
  DataType type = DataType::UInt8;
};
/// uint8 over [low, high] widened to hold 0, which is a step exactly; int8 over both sides of 0 alike if
/// `symmetric`.
Steps steps_for(double low, double high, bool symmetric);

/// A tensor in int8 with zero point 0.
struct QuantizedWeights {
  Tensor values;              ///< int8, of the same sizes
  std::vector<float> scales;  ///< one, or one for each index of the axis
};
/// scale = largest size / 127, for each index of `axis`, or of the whole where there is none. `least_scales`
/// (as many as there are scales, or none) are not gone below.
QuantizedWeights quantize_weights(const Tensor& weights, std::optional<std::size_t> axis,
                                  const std::vector<float>& least_scales = {});

/// round(number / scale) in int32; one scale, or one a number.
Tensor quantize_bias(const Tensor& bias, const std::vector<float>& scales);

/// A matrix [K, N] in 4 bits, in blocks of `block` numbers along K: what DequantizeLinear with axis 0 and
/// block_size turns back.
struct BlockWeights {
  Tensor values;       ///< int4 or uint4 [K, N]
  Tensor scales;       ///< float32 [⌈K / block⌉, N]
  Tensor zero_points;  ///< uint4 [⌈K / block⌉, N]; absent for int4
};
/// int4: scale = largest size / 7; uint4: (high − low) / 15 over a range that holds 0.
BlockWeights quantize_blocks(const Tensor& weights, std::int64_t block, DataType type);

}  // namespace lapidary
