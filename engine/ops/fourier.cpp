#include "engine/ops/fourier.h"

#include <bit>
#include <numbers>
#include <utility>

#include "engine/model/error.h"

namespace lapidary {
namespace {

using Complex = FourierTransform::Complex;

constexpr std::int64_t most_points = std::int64_t{1} << 40;

/// a·b without the checks for infinities that std::complex makes.
Complex product(const Complex& a, const Complex& b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

void reverse_bits(Complex* values, std::int64_t count) {
  for (std::int64_t i = 1, j = 0; i < count; ++i) {
    std::int64_t bit = count >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(values[i], values[j]);
  }
}

}  // namespace

FourierTransform::FourierTransform(std::int64_t length) : length_(length) {
  if (length < 1 || length > most_points)
    throw Error("a Fourier transform of length " + std::to_string(length) + " is not possible");
  const bool is_power = std::has_single_bit(static_cast<std::uint64_t>(length));
  inner_ = is_power ? length
                    : static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(2 * length - 1)));
  roots_.resize(static_cast<std::size_t>(inner_ / 2));
  for (std::size_t k = 0; k < roots_.size(); ++k)
    roots_[k] = std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(inner_));
  if (is_power) return;
  chirp_.resize(static_cast<std::size_t>(length));
  transformed_.resize(static_cast<std::size_t>(inner_));
  std::int64_t square = 0;  // k² modulo 2N: the angle's period, so that it stays exact
  for (std::int64_t k = 0; k < length; ++k) {
    const double angle = std::numbers::pi * static_cast<double>(square) / static_cast<double>(length);
    chirp_[k] = std::polar(1.0, -angle);
    transformed_[k] = std::conj(chirp_[k]);
    if (k > 0) transformed_[inner_ - k] = transformed_[k];
    square = (square + 2 * k + 1) % (2 * length);
  }
  transform_power_of_two(transformed_.data());
}

void FourierTransform::transform_power_of_two(Complex* values) const {
  reverse_bits(values, inner_);
  for (std::int64_t half = 1; half < inner_; half *= 2) {
    const std::int64_t stride = inner_ / (2 * half);
    for (std::int64_t begin = 0; begin < inner_; begin += 2 * half)
      for (std::int64_t k = 0; k < half; ++k) {
        const Complex even = values[begin + k];
        const Complex odd = product(values[begin + k + half], roots_[k * stride]);
        values[begin + k] = even + odd;
        values[begin + k + half] = even - odd;
      }
  }
}

/// kn = (k² + n² − (k − n)²)/2 makes the sum a convolution with the chirp.
void FourierTransform::transform_by_convolution(Complex* values) const {
  std::vector<Complex> padded(static_cast<std::size_t>(inner_));
  for (std::int64_t k = 0; k < length_; ++k) padded[k] = product(values[k], chirp_[k]);
  transform_power_of_two(padded.data());
  // The inverse transform is the forward one between two conjugations.
  for (std::int64_t k = 0; k < inner_; ++k) padded[k] = std::conj(product(padded[k], transformed_[k]));
  transform_power_of_two(padded.data());
  const double scale = 1 / static_cast<double>(inner_);
  for (std::int64_t k = 0; k < length_; ++k) values[k] = scale * product(std::conj(padded[k]), chirp_[k]);
}

void FourierTransform::forward(Complex* values) const {
  chirp_.empty() ? transform_power_of_two(values) : transform_by_convolution(values);
}

void FourierTransform::inverse(Complex* values) const {
  for (std::int64_t k = 0; k < length_; ++k) values[k] = std::conj(values[k]);
  forward(values);
  const double scale = 1 / static_cast<double>(length_);
  for (std::int64_t k = 0; k < length_; ++k) values[k] = scale * std::conj(values[k]);
}

}  // namespace lapidary
