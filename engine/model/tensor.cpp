#include "engine/model/tensor.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>

#include "engine/model/memory_budget.h"

namespace lapidary {
namespace {

/// Elements of `dims`, refusing negative sizes and products that overflow.
std::int64_t checked_count(const Dims& dims) {
  std::int64_t count = 1;
  bool zero = false;
  for (const std::int64_t d : dims) {
    if (d < 0) throw Error("a size is negative: " + to_string(dims));
    if (d == 0)
      zero = true;
    else if (__builtin_mul_overflow(count, d, &count))
      throw Error("sizes are too large: " + to_string(dims));
  }
  return zero ? 0 : count;
}

std::size_t checked_bytes(DataType type, std::int64_t count, const Dims& dims) {
  if (count > std::numeric_limits<std::int64_t>::max() / 16)
    throw Error("sizes are too large: " + to_string(dims));
  return static_cast<std::size_t>(bytes_for(type, count));
}

constexpr std::align_val_t alignment{64};

}  // namespace

Tensor::Tensor(DataType type, Dims dims) : type_(type), dims_(std::move(dims)), size_(checked_count(dims_)) {
  const auto budget = MemoryBudget::current();
  if (type == DataType::String) {
    const std::int64_t most =
        std::numeric_limits<std::int64_t>::max() / static_cast<std::int64_t>(sizeof(std::string));
    require_memory(std::min(size_, most) * static_cast<std::int64_t>(sizeof(std::string)),
                   "a tensor of strings " + lapidary::to_string(dims_));
    try {
      strings_ = std::make_shared<std::vector<std::string>>(static_cast<std::size_t>(size_));
    } catch (const std::exception&) {  // no memory, or more than a vector can hold
      throw Error("no memory for " + std::to_string(size_) + " strings (" + lapidary::to_string(dims_) + ")",
                  Error::Kind::Machine);
    }
    return;
  }
  const std::size_t count = checked_bytes(type, size_, dims_);
  if (budget && !budget->take(static_cast<std::int64_t>(count)))
    throw budget->refusal(static_cast<std::int64_t>(count),
                          std::string(name_of(type)) + " " + lapidary::to_string(dims_));
  void* memory = ::operator new(std::max<std::size_t>(count, 1), alignment, std::nothrow);
  if (!memory) {
    if (budget) budget->give_back(static_cast<std::int64_t>(count));
    throw Error("no memory for a tensor of " + memory_text(static_cast<std::int64_t>(count)) + " (" +
                    lapidary::to_string(dims_) + ")",
                Error::Kind::Machine);
  }
  writable_ = static_cast<std::byte*>(memory);
  bytes_ = {writable_, count};
  owner_ = std::shared_ptr<const void>(memory, [budget, count](const void* p) {
    ::operator delete(const_cast<void*>(p), alignment);
    if (budget) budget->give_back(static_cast<std::int64_t>(count));
  });
}

Tensor::Tensor(DataType type, Dims dims, std::span<const std::byte> bytes, std::shared_ptr<const void> owner)
    : type_(type), dims_(std::move(dims)), size_(checked_count(dims_)), owner_(std::move(owner)) {
  const std::size_t needed = checked_bytes(type, size_, dims_);
  if (bytes.size() < needed)
    throw Error("data holds " + std::to_string(bytes.size()) + " bytes where " + std::to_string(needed) +
                " are needed for " + std::string(name_of(type)) + " " + lapidary::to_string(dims_));
  bytes_ = bytes.first(needed);
}

Tensor Tensor::of(Dims dims, const std::vector<bool>& values) {
  Tensor tensor(DataType::Bool, std::move(dims));
  std::copy(values.begin(), values.end(), tensor.mutable_data<bool>());
  return tensor;
}

Tensor Tensor::of_strings(Dims dims, std::vector<std::string> values) {
  Tensor tensor(DataType::String, std::move(dims));
  assert(static_cast<std::size_t>(tensor.size()) == values.size());
  *tensor.strings_ = std::move(values);
  return tensor;
}

std::byte* Tensor::mutable_bytes() {
  assert(writable_ || size_bytes() == 0);
  return writable_;
}

const std::vector<std::string>& Tensor::strings() const {
  assert(is_string());
  return *strings_;
}

std::vector<std::string>& Tensor::mutable_strings() {
  assert(is_string());
  return *strings_;
}

Tensor Tensor::reshaped(Dims dims) const {
  if (checked_count(dims) != size_)
    throw Error(to_string(dims_) + " cannot be seen as " + to_string(dims) +
                ": it has another number of elements");
  Tensor result = *this;
  result.dims_ = std::move(dims);
  return result;
}

bool Tensor::is_aligned() const {
  const int needed = std::min(std::max(bits_of(type_), 8) / 8, 8);
  return bytes_.empty() || reinterpret_cast<std::uintptr_t>(bytes_.data()) % needed == 0;
}

Tensor Tensor::aligned() const {
  if (is_aligned()) return *this;
  Tensor copy(type_, dims_);
  std::memcpy(copy.writable_, bytes_.data(), bytes_.size());
  return copy;
}

Datum Datum::sequence(Sequence elements) {
  Datum datum;
  datum.value = std::make_shared<const Sequence>(std::move(elements));
  return datum;
}

const Tensor& Datum::tensor() const {
  if (const auto* t = std::get_if<Tensor>(&value)) return *t;
  throw Error(is_present() ? "a tensor is needed, and a sequence or map was given"
                           : "a tensor is needed, and none was given");
}

const Sequence& Datum::sequence() const {
  if (const auto* s = std::get_if<std::shared_ptr<const Sequence>>(&value)) return **s;
  throw Error("a sequence is needed, and something else was given");
}

bool identical(const Tensor& a, const Tensor& b) {
  if (a.type() != b.type() || a.dims() != b.dims()) return false;
  if (!a.is_present()) return true;
  if (a.is_string()) return a.strings() == b.strings();
  return a.size_bytes() == b.size_bytes() &&
         (a.size_bytes() == 0 || std::memcmp(a.bytes().data(), b.bytes().data(), a.size_bytes()) == 0);
}

}  // namespace lapidary
