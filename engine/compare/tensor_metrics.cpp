#include "engine/compare/tensor_metrics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "engine/compare/classes.h"

namespace lapidary {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr auto readable = NumberAndBoolTypes{} + Float8Types{};
constexpr std::int64_t block_elements = 4096;

/// A tensor's elements as doubles, a block at a time.
class BlockReader {
 public:
  explicit BlockReader(const Tensor& tensor) : tensor_(unpacked(tensor)), block_(block_elements) {}

  std::span<const double> read(std::int64_t begin) {
    const auto count = static_cast<std::size_t>(std::min(block_elements, tensor_.size() - begin));
    dispatch(readable, tensor_.type(), [&]<class T>() {
      const T* from = tensor_.data<T>() + begin;
      for (std::size_t i = 0; i < count; ++i) {
        if constexpr (is_small_float<T>)
          block_[i] = static_cast<double>(static_cast<float>(from[i]));
        else
          block_[i] = static_cast<double>(from[i]);
      }
    });
    return {block_.data(), count};
  }

 private:
  Tensor tensor_;
  std::vector<double> block_;
};

/// The spacing of numbers of a type at some value.
class Spacing {
 public:
  explicit Spacing(DataType type) : epsilon_(epsilon_of(type)) {
    smallest_ = type == DataType::Float64   ? std::numeric_limits<double>::min()
                : type == DataType::Float16 ? 0x1p-14
                : bits_of(type) <= 8        ? 0x1p-6
                                            : 0x1p-126;
  }
  double at(double value) const {
    if (epsilon_ == 0) return 1;
    const double size = std::max(std::abs(value), smallest_);
    // The power of two at or below: the exponent's bits alone.
    return std::bit_cast<double>(std::bit_cast<std::uint64_t>(size) & 0x7ff0'0000'0000'0000U) * epsilon_;
  }

 private:
  double epsilon_, smallest_;
};

/// Counts of positive numbers in bins that grow with them, eight to a power of two, told by the bits of the
/// number: a percentile is right within an eighth.
class GrowingHistogram {
 public:
  void add(double value) {
    largest_ = std::max(largest_, value);
    const std::uint64_t bin = value < least ? 0 : bits_of_bin(value) - bits_of_bin(least) + 1;
    ++counts_[std::min<std::uint64_t>(bin, counts_.size() - 1)];
    ++all_;
  }
  double percentile(double share) const {
    std::int64_t below = 0;
    for (std::size_t bin = 0; bin < counts_.size(); ++bin) {
      below += counts_[bin];
      if (static_cast<double>(below) < share * static_cast<double>(all_)) continue;
      return bin == 0 ? 0
                      : std::min(largest_, std::bit_cast<double>((bits_of_bin(least) + bin) << dropped_bits));
    }
    return largest_;
  }
  double largest() const { return largest_; }

 private:
  static constexpr double least = 0x1p-7;
  static constexpr int dropped_bits = 49;  // of 52: three tell apart eight parts of a power of two
  static std::uint64_t bits_of_bin(double value) {
    return std::bit_cast<std::uint64_t>(value) >> dropped_bits;
  }

  std::array<std::int64_t, 1 + 8 * 67> counts_{};  ///< up to 2⁶⁰
  std::int64_t all_ = 0;
  double largest_ = 0;
};

/// The first i from 1 on with relative < 10^(i − 17), as TensorMetrics::error_histogram counts.
std::size_t decade_of(double relative) {
  static const auto powers = [] {
    std::array<double, TensorMetrics::error_bins> made{};
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = std::pow(10.0, static_cast<double>(i) - 17);
    return made;
  }();
  constexpr int bias = 1023, mantissa_bits = 52;
  const int exponent = static_cast<int>(std::bit_cast<std::uint64_t>(relative) >> mantissa_bits) - bias;
  constexpr double decades_per_octave = 0.30102999566398120;
  const double guess = std::floor(exponent * decades_per_octave) + 17;
  auto bin = static_cast<std::size_t>(std::clamp(guess, 1.0, static_cast<double>(powers.size() - 1)));
  while (bin + 1 < powers.size() && relative >= powers[bin]) ++bin;
  return bin;
}

class Measurement {
 public:
  Measurement(const Tensor& got, const Tensor& want)
      : got_(got),
        want_(want),
        spacing_(epsilon_of(got.type()) >= epsilon_of(want.type()) ? got.type() : want.type()) {
    made_.elements = got.size();
  }

  TensorMetrics measure() {
    BlockReader got(got_), want(want_);
    for (std::int64_t begin = 0; begin < made_.elements; begin += block_elements)
      for (const double x : want.read(begin))
        if (std::isfinite(x)) made_.scale = std::max(made_.scale, std::abs(x));
    for (std::int64_t begin = 0; begin < made_.elements; begin += block_elements) {
      const auto a = got.read(begin), b = want.read(begin);
      for (std::size_t i = 0; i < a.size(); ++i) add(begin + static_cast<std::int64_t>(i), a[i], b[i]);
    }
    finish();
    return std::move(made_);
  }

 private:
  void add(std::int64_t index, double got, double want) {
    if (std::isfinite(got) && std::isfinite(want)) return add_finite(index, got, want);
    if (std::isnan(got) || std::isnan(want)) ++made_.nan;
    if (std::isinf(got) || std::isinf(want)) ++made_.infinite;
    if (got == want || (std::isnan(got) && std::isnan(want))) {
      ++made_.error_histogram[0];
      return;
    }
    made_.identical = false;
    ++made_.not_finite_on_one_side;
    ++made_.error_histogram.back();
    note_worst(index, got, want, infinity);
  }

  void add_finite(std::int64_t index, double got, double want) {
    ++finite_;
    product_ += got * want;
    got_square_ += got * got;
    want_square_ += want * want;
    const double error = std::abs(got - want);
    if (error == 0) {
      ++made_.error_histogram[0];
      ulps_.add(0);
      return;
    }
    made_.identical = false;
    error_sum_ += error;
    error_square_ += error * error;
    made_.max_absolute = std::max(made_.max_absolute, error);
    const double beside = std::max({std::abs(got), std::abs(want), 1e-3 * made_.scale});
    made_.max_relative = std::max(made_.max_relative, error / beside);
    ulps_.add(error / spacing_.at(want));
    ++made_.error_histogram[decade_of(made_.scale > 0 ? error / made_.scale : infinity)];
    if (made_.worst.size() < TensorMetrics::worst_elements || error > least_of_worst_)
      note_worst(index, got, want, error);
  }

  /// `errors_` and `worst` are kept sorted together; earlier elements stand before later ones of equal error.
  void note_worst(std::int64_t index, double got, double want, double error) {
    const auto place =
        std::upper_bound(errors_.begin(), errors_.end(), error, std::greater<>()) - errors_.begin();
    if (place >= static_cast<std::ptrdiff_t>(TensorMetrics::worst_elements)) return;
    errors_.insert(errors_.begin() + place, error);
    made_.worst.insert(made_.worst.begin() + place, {index, got, want});
    if (errors_.size() > TensorMetrics::worst_elements) errors_.pop_back(), made_.worst.pop_back();
    least_of_worst_ = errors_.back();
  }

  void finish() {
    if (made_.not_finite_on_one_side > 0) made_.max_absolute = made_.max_relative = infinity;
    const double count = static_cast<double>(std::max<std::int64_t>(1, finite_));
    made_.mean_absolute = error_sum_ / count;
    made_.rmse = std::sqrt(error_square_ / count);
    const double length = std::sqrt(got_square_) * std::sqrt(want_square_);
    made_.cosine = length > 0                    ? std::clamp(product_ / length, -1.0, 1.0)
                   : got_square_ == want_square_ ? 1
                                                 : 0;
    if (made_.identical) made_.cosine = 1;
    made_.snr_db = error_square_ > 0                  ? 10 * std::log10(want_square_ / error_square_)
                   : made_.not_finite_on_one_side > 0 ? -infinity
                                                      : infinity;
    made_.ulp_median = ulps_.percentile(0.5);
    made_.ulp_p99 = ulps_.percentile(0.99);
    made_.ulp_max = ulps_.largest();
    compare_classes();
  }

  void compare_classes() {
    const auto shape = class_shape(want_);
    constexpr std::int64_t most_rows = 64, most_classes = 1'000'000;
    if (!shape || got_.dims() != want_.dims() || !is_floating(got_.type()) || shape->rows > most_rows ||
        shape->classes > most_classes || made_.nan > 0)
      return;
    double first = 0, common = 0, named = 0;
    for (std::int64_t row = 0; row < shape->rows; ++row) {
      const auto here = top_classes(got_, row, 5), there = top_classes(want_, row, 5);
      first += here[0].index == there[0].index ? 1 : 0;
      for (const auto& one : here)
        common +=
            std::any_of(there.begin(), there.end(), [&](const auto& t) { return t.index == one.index; });
      named += static_cast<double>(here.size());
    }
    made_.top_1_agreement = first / static_cast<double>(shape->rows);
    made_.top_5_agreement = common / named;
  }

  const Tensor &got_, &want_;
  Spacing spacing_;
  TensorMetrics made_;
  GrowingHistogram ulps_;
  std::vector<double> errors_;
  double least_of_worst_ = 0;
  std::int64_t finite_ = 0;
  double error_sum_ = 0, error_square_ = 0, product_ = 0, got_square_ = 0, want_square_ = 0;
};

}  // namespace

double TensorMetrics::relative_to_scale() const {
  if (max_absolute == 0) return 0;
  return scale > 0 ? max_absolute / scale : infinity;
}

bool has_metrics(const Tensor& tensor) {
  return is_floating(tensor.type()) || is_integer(tensor.type()) || tensor.type() == DataType::Bool;
}

double epsilon_of(DataType type) {
  switch (type) {
    case DataType::Float64:
      return 0x1p-52;
    case DataType::Float32:
      return 0x1p-23;
    case DataType::Float16:
      return 0x1p-10;
    case DataType::BFloat16:
      return 0x1p-7;
    case DataType::Float8E4M3FN:
    case DataType::Float8E4M3FNUZ:
      return 0x1p-3;
    case DataType::Float8E5M2:
    case DataType::Float8E5M2FNUZ:
      return 0x1p-2;
    case DataType::Float4E2M1:
      return 0x1p-1;
    case DataType::Float8E8M0:
      return 1;
    default:
      return 0;
  }
}

TensorMetrics metrics_of(const Tensor& got, const Tensor& want) {
  for (const Tensor* tensor : {&got, &want})
    if (!has_metrics(*tensor))
      throw Error("tensors of " + std::string(name_of(tensor->type())) + " have no distance");
  if (got.size() != want.size())
    throw Error("a tensor of " + to_string(got.dims()) + " cannot be compared with one of " +
                to_string(want.dims()));
  return Measurement(got, want).measure();
}

}  // namespace lapidary
