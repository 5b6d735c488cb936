#include "engine/precision/rounding.h"

#include <algorithm>
#include <cmath>

namespace lapidary {
namespace {

/// Calls `visit` with the index of each number, and the number as double.
template <class Visit>
void for_each_number(const Tensor& tensor, Visit visit) {
  const Tensor source = tensor.aligned();
  dispatch(FloatTypes{}, source.type(), [&]<class T>() {
    const T* numbers = source.data<T>();
    for (std::int64_t i = 0; i < source.size(); ++i) visit(i, static_cast<double>(numbers[i]));
  });
}

template <class T>
void add_loss(RoundingLoss& loss, const Tensor& tensor) {
  for_each_number(tensor, [&](std::int64_t, double number) {
    if (!std::isfinite(number)) return;
    const auto rounded = static_cast<double>(static_cast<float>(T(static_cast<float>(number))));
    if (std::isfinite(rounded)) {
      loss.errors += (rounded - number) * (rounded - number);
      loss.squares += number * number;
      return;
    }
    ++(std::abs(number) >= sentinel_size ? loss.sentinels : loss.overflows);
    loss.largest = std::max(loss.largest, std::abs(number));
  });
}

/// The largest finite number.
template <class T>
double largest_of() {
  return std::is_same_v<T, Float16> ? 65504.0 : 0x1.FEp127;
}

template <class T>
Tensor clamped(const Tensor& tensor) {
  Tensor result(data_type_of<T>, tensor.dims());
  T* to = result.template mutable_data<T>();
  for_each_number(tensor, [&](std::int64_t i, double number) {
    T here(static_cast<float>(number));
    if (std::isfinite(number) && std::abs(number) >= sentinel_size &&
        !std::isfinite(static_cast<float>(here)))
      here = T(static_cast<float>(std::copysign(largest_of<T>() / 2, number)));
    to[i] = here;
  });
  return result;
}

}  // namespace

void RoundingLoss::add(const Tensor& tensor, DataType type) {
  if (!is_floating(tensor.type()) || bits_of(tensor.type()) <= 16) return;
  if (type == DataType::Float16) add_loss<Float16>(*this, tensor);
  if (type == DataType::BFloat16) add_loss<BFloat16>(*this, tensor);
}

double RoundingLoss::relative_error() const { return squares > 0 ? std::sqrt(errors / squares) : 0; }

Tensor rounded(const Tensor& tensor, DataType type) {
  if (tensor.type() == type) return tensor;
  if (type == DataType::Float16) return clamped<Float16>(tensor);
  if (type == DataType::BFloat16) return clamped<BFloat16>(tensor);
  return converted(tensor.aligned(), type);
}

}  // namespace lapidary
