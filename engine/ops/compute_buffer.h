#pragma once

#include <algorithm>
#include <type_traits>
#include <vector>

#include "engine/model/tensor.h"

namespace lapidary {

/// A tensor's elements in the type that a kernel computes with: the tensor's own memory where that is its
/// element type, a converted copy for 16-bit floating types. Throws Error for a tensor of another type than
/// T.
template <class T>
class ComputeInput {
 public:
  using Value = ComputeType<T>;

  explicit ComputeInput(const Tensor& tensor) {
    if (tensor.type() != data_type_of<T>)
      throw Error("an input is " + std::string(name_of(tensor.type())) + " where " +
                  std::string(name_of(data_type_of<T>)) + " is needed");
    if constexpr (std::is_same_v<T, Value>) {
      data_ = tensor.data<T>();
    } else {
      copy_.assign(tensor.data<T>(), tensor.data<T>() + tensor.size());
      data_ = copy_.data();
    }
  }
  ComputeInput(const ComputeInput&) = delete;
  ComputeInput& operator=(const ComputeInput&) = delete;

  const Value* data() const { return data_; }
  const Value& operator[](std::int64_t index) const { return data_[index]; }

 private:
  std::vector<Value> copy_;
  const Value* data_;
};

/// The other direction: memory to compute into, rounded to the tensor's element type once, by store().
template <class T>
class ComputeOutput {
 public:
  using Value = ComputeType<T>;

  explicit ComputeOutput(Tensor& tensor) : tensor_(tensor) {
    if constexpr (std::is_same_v<T, Value>) {
      data_ = tensor.mutable_data<T>();
    } else {
      buffer_.resize(static_cast<std::size_t>(tensor.size()));
      data_ = buffer_.data();
    }
  }
  ComputeOutput(const ComputeOutput&) = delete;
  ComputeOutput& operator=(const ComputeOutput&) = delete;

  Value* data() { return data_; }
  Value& operator[](std::int64_t index) { return data_[index]; }
  void store() {
    if constexpr (!std::is_same_v<T, Value>)
      std::copy(buffer_.begin(), buffer_.end(), tensor_.mutable_data<T>());
  }

 private:
  Tensor& tensor_;
  std::vector<Value> buffer_;
  Value* data_;
};

}  // namespace lapidary
