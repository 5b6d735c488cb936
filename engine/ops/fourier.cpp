#include "engine/ops/fourier.h"
#include "engine/ops/working_memory.h"

#include <bit>
#include <cmath>
#include <numbers>
#include <utility>

#include "engine/model/error.h"

namespace lapidary {
namespace {

using Complex = FourierTransform::Complex;

constexpr std::int64_t most_points = std::int64_t{1} << 40;
constexpr std::int64_t most_short_points = 64;

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

using Single = std::complex<float>;

/// What the butterflies of one factor see: `stride` transforms of which `factor` at a time are combined, each
/// of `rest` values.
struct Pass {
  std::int64_t factor, stride, rest;
  const Single* roots;  ///< exp(2πi·k/N) for k below N
  float sign;           ///< of the exponent: -1 forward, 1 inverse

  const Single& from(const Single* values, std::int64_t i, std::int64_t part, std::int64_t k) const {
    return values[i + rest * (part + factor * k)];
  }
  /// Puts a butterfly's result in its place, turned by what its part is ahead of the first.
  void put(Single* values, std::int64_t i, std::int64_t part, std::int64_t k, Single value) const {
    if (i > 0 && part > 0) {
      const Single root = roots[part * stride * i];
      const float turn = sign * root.imag();
      value = {value.real() * root.real() - value.imag() * turn,
               value.imag() * root.real() + value.real() * turn};
    }
    values[i + rest * (k + stride * part)] = value;
  }
};

/// Factors 2 and 4, whose roots are all 1, -1, i or -i.
void even_pass(const Pass& pass, const Single* from, Single* to) {
  for (std::int64_t k = 0; k < pass.stride; ++k)
    for (std::int64_t i = 0; i < pass.rest; ++i) {
      const auto x = [&](std::int64_t part) { return pass.from(from, i, part, k); };
      if (pass.factor == 2) {
        pass.put(to, i, 0, k, x(0) + x(1));
        pass.put(to, i, 1, k, x(0) - x(1));
        continue;
      }
      const Single sum = x(0) + x(2), difference = x(0) - x(2), odd_sum = x(1) + x(3), odd = x(1) - x(3);
      const Single turned{-pass.sign * odd.imag(), pass.sign * odd.real()};
      pass.put(to, i, 0, k, sum + odd_sum);
      pass.put(to, i, 1, k, difference + turned);
      pass.put(to, i, 2, k, sum - odd_sum);
      pass.put(to, i, 3, k, difference - turned);
    }
}

/// An odd factor: parts that mirror each other share their products.
void odd_pass(const Pass& pass, const Single* from, Single* to) {
  const std::int64_t half = pass.factor / 2;
  std::vector<Single> sums(static_cast<std::size_t>(half) + 1), differences(sums.size());
  for (std::int64_t k = 0; k < pass.stride; ++k)
    for (std::int64_t i = 0; i < pass.rest; ++i) {
      const Single first = pass.from(from, i, 0, k);
      Single all = first;
      for (std::int64_t j = 1; j <= half; ++j) {
        const Single a = pass.from(from, i, j, k), b = pass.from(from, i, pass.factor - j, k);
        sums[j] = a + b, differences[j] = a - b;
        all += sums[j];
      }
      pass.put(to, i, 0, k, all);
      for (std::int64_t u = 1; u <= half; ++u) {
        Single even = first, odd{};
        for (std::int64_t j = 1; j <= half; ++j) {
          const double angle = 2 * std::numbers::pi * static_cast<double>(u * j % pass.factor) /
                               static_cast<double>(pass.factor);
          even += static_cast<float>(std::cos(angle)) * sums[j];
          odd += pass.sign * static_cast<float>(std::sin(angle)) * differences[j];
        }
        const Single turned{-odd.imag(), odd.real()};
        pass.put(to, i, u, k, even + turned);
        pass.put(to, i, pass.factor - u, k, even - turned);
      }
    }
}

/// Fours, then a two in front, then odd factors up to 11; empty where others are left.
std::vector<std::int64_t> short_factors(std::int64_t length) {
  std::vector<std::int64_t> factors;
  for (; length % 4 == 0; length /= 4) factors.push_back(4);
  if (length % 2 == 0) factors.insert(factors.begin(), 2), length /= 2;
  for (const std::int64_t prime : {3, 5, 7, 11})
    for (; length % prime == 0; length /= prime) factors.push_back(prime);
  return length == 1 ? factors : std::vector<std::int64_t>{};
}

}  // namespace

bool short_transform(std::vector<std::complex<float>>& values, bool inverse) {
  const auto length = static_cast<std::int64_t>(values.size());
  if (length < 2 || length > most_short_points) return false;
  const auto factors = short_factors(length);
  if (factors.empty()) return false;
  std::vector<Single> roots(values.size()), next(values.size());
  for (std::int64_t k = 0; k < length; ++k)
    roots[k] =
        Single(std::polar(1.0, 2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(length)));
  std::int64_t stride = 1;
  for (const std::int64_t factor : factors) {
    const Pass pass{factor, stride, length / (stride * factor), roots.data(), inverse ? 1.0f : -1.0f};
    factor % 2 == 0 ? even_pass(pass, values.data(), next.data())
                    : odd_pass(pass, values.data(), next.data());
    values.swap(next);
    stride *= factor;
  }
  if (inverse)
    for (auto& value : values) value *= 1 / static_cast<float>(length);
  return true;
}

FourierTransform::FourierTransform(std::int64_t length) : length_(length) {
  if (length < 1 || length > most_points)
    throw Error("a Fourier transform of length " + std::to_string(length) + " is not possible");
  const bool is_power = std::has_single_bit(static_cast<std::uint64_t>(length));
  inner_ = is_power ? length
                    : static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(2 * length - 1)));
  roots_ = working_memory<Complex>({inner_ / 2});
  for (std::size_t k = 0; k < roots_.size(); ++k)
    roots_[k] = std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(inner_));
  if (is_power) return;
  chirp_ = working_memory<Complex>({length});
  transformed_ = working_memory<Complex>({inner_});
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
  auto padded = working_memory<Complex>({inner_});
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
