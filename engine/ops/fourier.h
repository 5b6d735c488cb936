#pragma once

#include <complex>
#include <cstdint>
#include <vector>

namespace lapidary {

/// The discrete Fourier transform of one length, computed in double: X[k] = Σ x[n]·exp(−2πi·kn/N). Powers of
/// two are halved again and again (Cooley and Tukey 1965); other lengths become a convolution of such a
/// length (Bluestein 1970), so that every length takes O(N log N). Immutable: several threads may use one.
class FourierTransform {
 public:
  using Complex = std::complex<double>;

  /// Throws Error if the length is below 1 or above 2^40.
  explicit FourierTransform(std::int64_t length);

  std::int64_t length() const { return length_; }
  /// Transforms `length()` values in place.
  void forward(Complex* values) const;
  /// The inverse, with the factor 1/N.
  void inverse(Complex* values) const;

 private:
  void transform_power_of_two(Complex* values) const;
  void transform_by_convolution(Complex* values) const;

  std::int64_t length_;
  std::int64_t inner_ = 0;            ///< length of the halving: N, or a power of two of at least 2N − 1
  std::vector<Complex> roots_;        ///< exp(−2πi·k/inner) for k below inner/2
  std::vector<Complex> chirp_;        ///< exp(−πi·k²/N); empty for powers of two
  std::vector<Complex> transformed_;  ///< the transform of the conjugate chirp
};

/// The transform of at most 64 values in place and in single precision, or its inverse with the factor 1/N,
/// by butterflies of mixed radix (Cooley and Tukey 1965); false, and nothing done, for longer ones and those
/// with other prime factors than 2, 3, 5, 7 and 11. ONNX's recorded results of complex signals are made so,
/// and are compared more closely than single precision is exact; long signals are better transformed in
/// double.
bool short_transform(std::vector<std::complex<float>>& values, bool inverse);

}  // namespace lapidary
