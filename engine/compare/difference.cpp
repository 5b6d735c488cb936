#include "engine/compare/difference.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>

namespace lapidary {
namespace {

Difference unequal(std::string message, std::int64_t mismatches = 1) {
  Difference result;
  result.equal = false;
  result.mismatches = mismatches;
  result.message = std::move(message);
  return result;
}

/// Real and imaginary parts side by side.
std::vector<double> parts_of(const Tensor& tensor) {
  std::vector<double> parts;
  dispatch(ComplexTypes{}, tensor.type(), [&]<class T>() {
    for (const T& z : tensor.span<T>()) {
      parts.push_back(static_cast<double>(z.real()));
      parts.push_back(static_cast<double>(z.imag()));
    }
  });
  return parts;
}

bool is_complex(DataType type) { return type == DataType::Complex64 || type == DataType::Complex128; }

void compare_element(Difference& result, std::size_t index, double got, double want,
                     const Tolerance& tolerance) {
  if (got == want || (std::isnan(got) && std::isnan(want))) return;
  const double error = std::abs(got - want);
  if (std::isfinite(error)) {
    result.max_absolute = std::max(result.max_absolute, error);
    if (want != 0) result.max_relative = std::max(result.max_relative, error / std::abs(want));
    if (error <= tolerance.absolute + tolerance.relative * std::abs(want)) return;
  } else {
    result.max_absolute = std::numeric_limits<double>::infinity();
  }
  if (result.mismatches++ == 0)
    result.message = "element " + std::to_string(index) + " is " + std::to_string(got) + ", wanted " +
                     std::to_string(want);
}

Difference compare_tensors(const Tensor& got, const Tensor& want, const Tolerance& tolerance) {
  if (got.type() != want.type() || got.dims() != want.dims())
    return unequal("is " + to_string(got.full_type()) + ", wanted " + to_string(want.full_type()),
                   got.size());
  Difference result;
  if (got.is_string()) {
    for (std::size_t i = 0; i < got.strings().size(); ++i)
      if (got.strings()[i] != want.strings()[i] && result.mismatches++ == 0)
        result.message = "element " + std::to_string(i) + " is \"" + got.strings()[i] + "\", wanted \"" +
                         want.strings()[i] + "\"";
  } else if (is_integer(got.type()) && identical(got, want)) {
    return result;
  } else {
    const auto a = is_complex(got.type()) ? parts_of(got) : values_as<double>(got.aligned());
    const auto b = is_complex(want.type()) ? parts_of(want) : values_as<double>(want.aligned());
    for (std::size_t i = 0; i < a.size(); ++i) compare_element(result, i, a[i], b[i], tolerance);
  }
  result.equal = result.mismatches == 0;
  return result;
}

void merge(Difference& all, const Difference& one, const std::string& place) {
  all.max_absolute = std::max(all.max_absolute, one.max_absolute);
  all.max_relative = std::max(all.max_relative, one.max_relative);
  all.mismatches += one.mismatches;
  if (all.equal && !one.equal) all.message = place + one.message;
  all.equal = all.equal && one.equal;
}

Difference compare_lists(const std::vector<Datum>& got, const std::vector<Datum>& want,
                         const Tolerance& tolerance) {
  if (got.size() != want.size())
    return unequal("has " + std::to_string(got.size()) + " elements, wanted " + std::to_string(want.size()));
  Difference result;
  for (std::size_t i = 0; i < got.size(); ++i)
    merge(result, difference(got[i], want[i], tolerance), "element " + std::to_string(i) + " ");
  return result;
}

}  // namespace

Difference difference(const Datum& got, const Datum& want, const Tolerance& tolerance) {
  if (got.value.index() != want.value.index())
    return unequal(got.is_present() ? "is of another kind than wanted"
                                    : "is absent, and something was wanted");
  if (got.is_tensor()) return compare_tensors(got.tensor(), want.tensor(), tolerance);
  if (got.is_sequence()) return compare_lists(got.sequence(), want.sequence(), tolerance);
  if (const auto* map = std::get_if<std::shared_ptr<const MapDatum>>(&got.value)) {
    const auto& other = std::get<std::shared_ptr<const MapDatum>>(want.value);
    Difference result = compare_tensors((*map)->keys, other->keys, tolerance);
    merge(result, compare_lists((*map)->values, other->values, tolerance), "value of ");
    return result;
  }
  if (const auto* sparse = std::get_if<std::shared_ptr<const SparseTensor>>(&got.value)) {
    const auto& other = std::get<std::shared_ptr<const SparseTensor>>(want.value);
    Difference result = compare_tensors((*sparse)->values, other->values, tolerance);
    merge(result, compare_tensors((*sparse)->indices, other->indices, tolerance), "indices: ");
    return result;
  }
  return {};
}

Summary summarize(const Tensor& tensor) {
  Summary summary;
  if (!tensor.is_present() || tensor.is_string() || is_complex(tensor.type())) return summary;
  double sum = 0;
  std::int64_t finite = 0;
  for (const double x : values_as<double>(tensor.aligned())) {
    if (std::isnan(x))
      ++summary.nan;
    else if (std::isinf(x))
      ++summary.infinite;
    else {
      summary.minimum = finite ? std::min(summary.minimum, x) : x;
      summary.maximum = finite ? std::max(summary.maximum, x) : x;
      sum += x;
      ++finite;
    }
  }
  summary.mean = finite ? sum / static_cast<double>(finite) : 0;
  return summary;
}

}  // namespace lapidary
