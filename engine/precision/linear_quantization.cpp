#include "engine/precision/linear_quantization.h"

#include <algorithm>
#include <cmath>

#include "engine/model/saturating_cast.h"

namespace lapidary {
namespace {

/// Below this a scale's reciprocal is no longer a usual float32.
constexpr double least_scale = 1e-30;

float usable_scale(double scale) { return scale > least_scale ? static_cast<float>(scale) : 1.0f; }

double rounded_between(double number, double low, double high) {
  return std::clamp(std::nearbyint(number), low, high);
}

}  // namespace

Steps steps_for(double low, double high, bool symmetric) {
  if (symmetric) return {usable_scale(std::max(std::abs(low), std::abs(high)) / 127), 0, DataType::Int8};
  low = std::min(low, 0.0), high = std::max(high, 0.0);
  const float scale = usable_scale((high - low) / 255);
  return {scale, static_cast<std::int64_t>(rounded_between(-low / scale, 0, 255)), DataType::UInt8};
}

QuantizedWeights quantize_weights(const Tensor& weights, std::optional<std::size_t> axis,
                                  const std::vector<float>& least_scales) {
  const auto numbers = values_as<float>(weights);
  const Dims& dims = weights.dims();
  const std::size_t channels = axis ? static_cast<std::size_t>(dims[*axis]) : 1;
  std::size_t inner = 1;
  for (std::size_t i = axis ? *axis + 1 : dims.size(); i < dims.size(); ++i)
    inner *= static_cast<std::size_t>(dims[i]);
  const auto channel_of = [&](std::size_t i) { return axis ? i / inner % channels : 0; };
  std::vector<double> largest(channels, 0);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    largest[channel_of(i)] = std::max(largest[channel_of(i)], std::abs(static_cast<double>(numbers[i])));
  QuantizedWeights made{Tensor(DataType::Int8, dims), {}};
  for (std::size_t c = 0; c < channels; ++c)
    made.scales.push_back(
        std::max(usable_scale(largest[c] / 127), least_scales.empty() ? 0.0f : least_scales[c]));
  auto* bytes = made.values.mutable_data<std::int8_t>();
  for (std::size_t i = 0; i < numbers.size(); ++i)
    bytes[i] = static_cast<std::int8_t>(rounded_between(numbers[i] / made.scales[channel_of(i)], -127, 127));
  return made;
}

Tensor quantize_bias(const Tensor& bias, const std::vector<float>& scales) {
  const auto numbers = values_as<double>(bias);
  Tensor made(DataType::Int32, bias.dims());
  for (std::size_t i = 0; i < numbers.size(); ++i)
    made.mutable_data<std::int32_t>()[i] =
        saturating_cast<std::int32_t>(std::nearbyint(numbers[i] / scales[scales.size() == 1 ? 0 : i]));
  return made;
}

BlockWeights quantize_blocks(const Tensor& weights, std::int64_t block, DataType type) {
  const bool is_signed_type = type == DataType::Int4;
  const auto numbers = values_as<float>(weights);
  const std::int64_t depth = weights.dims()[0], columns = weights.dims()[1],
                     blocks = (depth + block - 1) / block;
  Tensor steps(is_signed_type ? DataType::Int8 : DataType::UInt8, {depth, columns});
  Tensor zeros(DataType::UInt8, {blocks, columns});
  BlockWeights made{{}, Tensor(DataType::Float32, {blocks, columns}), {}};
  for (std::int64_t b = 0; b < blocks; ++b)
    for (std::int64_t c = 0; c < columns; ++c) {
      const std::int64_t begin = b * block, end = std::min(depth, begin + block);
      double low = 0, high = 0;
      for (std::int64_t k = begin; k < end; ++k) {
        const double number = numbers[static_cast<std::size_t>(k * columns + c)];
        low = std::min(low, number), high = std::max(high, number);
      }
      const float scale = usable_scale(is_signed_type ? std::max(-low, high) / 7 : (high - low) / 15);
      const double zero = is_signed_type ? 0 : rounded_between(-low / scale, 0, 15);
      for (std::int64_t k = begin; k < end; ++k) {
        const double step = numbers[static_cast<std::size_t>(k * columns + c)] / scale + zero;
        steps.mutable_bytes()[k * columns + c] = static_cast<std::byte>(
            static_cast<int>(is_signed_type ? rounded_between(step, -8, 7) : rounded_between(step, 0, 15)));
      }
      made.scales.mutable_data<float>()[b * columns + c] = scale;
      zeros.mutable_data<std::uint8_t>()[b * columns + c] = static_cast<std::uint8_t>(zero);
    }
  made.values = packed(steps, type);
  if (!is_signed_type) made.zero_points = packed(zeros, type);
  return made;
}

}  // namespace lapidary
