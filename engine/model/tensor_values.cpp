#include <algorithm>
#include <cmath>

#include "engine/model/memory_budget.h"
#include "engine/model/saturating_cast.h"
#include "engine/model/tensor.h"

namespace lapidary {
namespace {

constexpr auto convertible = NumberAndBoolTypes{} + Float8Types{};

template <class To, class From>
To convert_element(From value) {
  if constexpr (is_small_float<From>)
    return convert_element<To>(static_cast<float>(value));
  else if constexpr (is_small_float<To>)
    return To(static_cast<float>(value));
  else if constexpr (std::is_same_v<To, bool>)
    return value != From{};
  else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>)
    return saturating_cast<To>(static_cast<double>(value));
  else
    return static_cast<To>(value);
}

template <class T>
Tensor unpack_integers(const Tensor& tensor, int bits) {
  Tensor result(data_type_of<T>, tensor.dims());
  const auto* from = tensor.data<std::uint8_t>();
  T* to = result.template mutable_data<T>();
  const int per_byte = 8 / bits, mask = (1 << bits) - 1;
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    int code = (from[i / per_byte] >> (bits * (i % per_byte))) & mask;
    if (std::is_signed_v<T> && (code >> (bits - 1))) code -= 1 << bits;
    to[i] = static_cast<T>(code);
  }
  return result;
}

}  // namespace

Tensor unpacked(const Tensor& tensor) {
  if (!is_sub_byte(tensor.type())) return tensor.aligned();
  const int bits = bits_of(tensor.type());
  if (tensor.type() == DataType::Float4E2M1) {
    const Tensor codes = unpack_integers<std::uint8_t>(tensor, bits);
    Tensor result(DataType::Float32, tensor.dims());
    std::transform(codes.data<std::uint8_t>(), codes.data<std::uint8_t>() + codes.size(),
                   result.mutable_data<float>(), Float4E2M1::decode);
    return result;
  }
  return is_signed(tensor.type()) ? unpack_integers<std::int8_t>(tensor, bits)
                                  : unpack_integers<std::uint8_t>(tensor, bits);
}

Tensor packed(const Tensor& tensor, DataType type) {
  const int bits = bits_of(type), per_byte = 8 / bits, mask = (1 << bits) - 1;
  Tensor result(type, tensor.dims());
  auto* to = result.mutable_data<std::uint8_t>();
  std::fill_n(to, result.size_bytes(), std::uint8_t{0});
  const bool floating = type == DataType::Float4E2M1;
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    const int code = floating ? Float4E2M1::encode(tensor.data<float>()[i], Overflow::Saturate)
                              : std::to_integer<int>(tensor.bytes()[static_cast<std::size_t>(i)]);
    to[i / per_byte] =
        static_cast<std::uint8_t>(to[i / per_byte] | ((code & mask) << (bits * (i % per_byte))));
  }
  return result;
}

template <class T>
std::vector<T> values_as(const Tensor& tensor) {
  const Tensor source = unpacked(tensor);
  require_memory(source.size() * static_cast<std::int64_t>(sizeof(T)), "reading a tensor");
  std::vector<T> values(static_cast<std::size_t>(source.size()));
  dispatch(convertible, source.type(), [&]<class From>() {
    std::transform(source.data<From>(), source.data<From>() + source.size(), values.begin(),
                   [](From x) { return convert_element<T>(x); });
  });
  return values;
}

template std::vector<float> values_as<float>(const Tensor&);
template std::vector<double> values_as<double>(const Tensor&);
template std::vector<std::int64_t> values_as<std::int64_t>(const Tensor&);
template std::vector<std::int32_t> values_as<std::int32_t>(const Tensor&);

Tensor tensor_from(DataType type, Dims dims, std::span<const double> values) {
  Tensor wide(DataType::Float64, std::move(dims));
  std::copy(values.begin(), values.end(), wide.mutable_data<double>());
  return converted(wide, type);
}

Tensor converted(const Tensor& tensor, DataType type) {
  if (tensor.type() == type) return tensor;
  const Tensor source = unpacked(tensor);
  if (is_sub_byte(type)) {
    const DataType wide = type == DataType::Float4E2M1 ? DataType::Float32
                          : is_signed(type)            ? DataType::Int8
                                                       : DataType::UInt8;
    return packed(converted(source, wide), type);
  }
  if (source.type() == type) return source;
  Tensor result(type, source.dims());
  dispatch(convertible, source.type(), [&]<class From>() {
    dispatch(convertible, type, [&]<class To>() {
      std::transform(source.data<From>(), source.data<From>() + source.size(), result.mutable_data<To>(),
                     [](From x) { return convert_element<To>(x); });
    });
  });
  return result;
}

}  // namespace lapidary
