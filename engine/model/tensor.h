#pragma once

#include <cassert>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "engine/model/element_types.h"
#include "engine/model/type.h"

namespace lapidary {

/// A dense array: element type, sizes, and bytes that it owns, shares or borrows from a mapped file.
/// Copying is cheap and shares the bytes. Elements are in row-major order, little-endian; 4-bit and 2-bit
/// types are packed, low bits first. A default-constructed tensor is "absent" (an optional input that was not
/// given).
class Tensor {
 public:
  Tensor() = default;
  /// Owns fresh memory, aligned to 64 bytes and not initialized (strings are empty).
  /// Throws Error if a size is negative or the byte count overflows or cannot be had.
  Tensor(DataType type, Dims dims);
  /// Shows `bytes` that `owner` keeps alive.
  Tensor(DataType type, Dims dims, std::span<const std::byte> bytes, std::shared_ptr<const void> owner);
  /// A copy of the given elements.
  template <class T>
  static Tensor of(Dims dims, const std::vector<T>& values);
  static Tensor of(Dims dims, const std::vector<bool>& values);
  template <class T>
  static Tensor scalar(T value) {
    return of(Dims{}, std::vector<T>{value});
  }
  static Tensor of_strings(Dims dims, std::vector<std::string> values);

  bool is_present() const { return type_ != DataType::Undefined; }
  DataType type() const { return type_; }
  const Dims& dims() const { return dims_; }
  int rank() const { return static_cast<int>(dims_.size()); }
  /// Number of elements.
  std::int64_t size() const { return size_; }
  std::size_t size_bytes() const { return bytes_.size(); }
  bool is_string() const { return type_ == DataType::String; }

  std::span<const std::byte> bytes() const { return bytes_; }
  /// True if data() and span() may be used: the bytes begin at a multiple of the element's alignment. Tensors that own
  /// their bytes always do. Weights of 64 KiB and more that lie in a mapped protobuf file mostly do not, as the format
  /// puts them anywhere; read those through bytes() and memcpy, or take aligned() once, before they are used often.
  bool is_aligned() const;
  /// The tensor itself if it is aligned, else a copy in memory that is.
  Tensor aligned() const;
  /// The elements, read only. T must be the element type, or uint8_t for packed and raw bytes. Needs is_aligned().
  template <class T>
  const T* data() const {
    assert(data_type_of<T> == type_ || is_sub_byte(type_));
    assert(is_aligned());
    return reinterpret_cast<const T*>(bytes_.data());
  }
  template <class T>
  std::span<const T> span() const {
    return {data<T>(), static_cast<std::size_t>(size_)};
  }
  /// The elements for writing; only for a tensor that owns its bytes, before it is shared.
  template <class T>
  T* mutable_data() {
    assert(data_type_of<T> == type_ || is_sub_byte(type_));
    return reinterpret_cast<T*>(mutable_bytes());
  }
  std::byte* mutable_bytes();
  const std::vector<std::string>& strings() const;
  std::vector<std::string>& mutable_strings();

  /// The same bytes under other sizes of equal element count.
  Tensor reshaped(Dims dims) const;
  /// What keeps the bytes alive.
  const std::shared_ptr<const void>& owner() const { return owner_; }
  /// The type with constant shape.
  Type full_type() const { return Type::tensor(type_, shape_of(dims_)); }

 private:
  DataType type_ = DataType::Undefined;
  Dims dims_;
  std::int64_t size_ = 0;
  std::span<const std::byte> bytes_;
  std::byte* writable_ = nullptr;
  std::shared_ptr<const void> owner_;
  std::shared_ptr<std::vector<std::string>> strings_;
};

/// Numbers and dimensions that need no C++ element type: any numeric or bool tensor as T, converted element
/// by element (packed types unpacked). Throws Error for strings and complex numbers.
template <class T>
std::vector<T> values_as(const Tensor& tensor);
/// The other direction: values converted to the element type (rounded to nearest even, packed if sub-byte).
Tensor tensor_from(DataType type, Dims dims, std::span<const double> values);
/// The tensor in another element type, by the rules of C++ conversions (floating to integer truncates);
/// packed types included. Strings and complex numbers are refused. For Cast's exact rules see the operator.
Tensor converted(const Tensor& tensor, DataType type);
/// Packed 4 or 2-bit elements widened to int8 or uint8, one a byte; float4e2m1 gives float32. Other tensors
/// as they are.
Tensor unpacked(const Tensor& tensor);
/// int8/uint8 (or float32 for float4e2m1) elements packed into `type`.
Tensor packed(const Tensor& tensor, DataType type);

/// Sizes and element type equal, and the bytes (or strings) too.
bool identical(const Tensor& a, const Tensor& b);

/// COO form of a sparse tensor: values [NNZ], and indices [NNZ] (linear) or [NNZ, rank].
struct SparseTensor {
  Tensor values, indices;
  Dims dims;
};

struct Datum;
using Sequence = std::vector<Datum>;
/// Keys are int64 or strings; values keep the order of the keys.
struct MapDatum {
  Tensor keys;
  std::vector<Datum> values;
};

/// What flows along an edge during a run: a tensor, a sequence, a map, a sparse tensor, or nothing (an empty
/// optional).
struct Datum {
  std::variant<std::monostate, Tensor, std::shared_ptr<const Sequence>, std::shared_ptr<const MapDatum>,
               std::shared_ptr<const SparseTensor>>
      value;

  Datum() = default;
  Datum(Tensor t) {  // NOLINT: a tensor is a datum
    if (t.is_present()) value = std::move(t);
  }
  static Datum sequence(Sequence elements);

  bool is_present() const { return value.index() != 0; }
  bool is_tensor() const { return std::holds_alternative<Tensor>(value); }
  bool is_sequence() const { return value.index() == 2; }
  /// Throw Error if it is something else.
  const Tensor& tensor() const;
  const Sequence& sequence() const;
};

template <class T>
Tensor Tensor::of(Dims dims, const std::vector<T>& values) {
  Tensor tensor(data_type_of<T>, std::move(dims));
  assert(static_cast<std::size_t>(tensor.size()) == values.size());
  std::copy(values.begin(), values.end(), tensor.mutable_data<T>());
  return tensor;
}

template <>
inline Tensor Tensor::of(Dims dims, const std::vector<std::string>& values) {
  return of_strings(std::move(dims), values);
}

}  // namespace lapidary
