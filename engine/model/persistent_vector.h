#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace lapidary {

/// A sequence that is cheap to copy and to change: elements lie in shared chunks, and a changed copy shares
/// every chunk that it did not touch. Copying costs one pointer a chunk; with, inserted and erased cost one
/// chunk more.
template <class T>
class PersistentVector {
 public:
  PersistentVector() = default;
  explicit PersistentVector(std::vector<T> elements) {
    for (std::size_t begin = 0; begin < elements.size(); begin += chunk_size) {
      const auto first = elements.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto last =
          elements.begin() + static_cast<std::ptrdiff_t>(std::min(begin + chunk_size, elements.size()));
      append(std::vector<T>(std::make_move_iterator(first), std::make_move_iterator(last)));
    }
  }

  std::size_t size() const { return ends_.empty() ? 0 : ends_.back(); }
  bool empty() const { return size() == 0; }

  const T& operator[](std::size_t index) const {
    assert(index < size());
    const std::size_t chunk = chunk_of(index);
    return (*chunks_[chunk])[index - begin_of(chunk)];
  }

  /// The sequence with element `index` replaced.
  PersistentVector with(std::size_t index, T element) const {
    PersistentVector result = *this;
    const std::size_t chunk = chunk_of(index);
    auto changed = *chunks_[chunk];
    changed[index - begin_of(chunk)] = std::move(element);
    result.chunks_[chunk] = std::make_shared<const std::vector<T>>(std::move(changed));
    return result;
  }

  /// The sequence with `element` before position `index` (size() appends).
  PersistentVector inserted(std::size_t index, T element) const {
    if (empty()) return PersistentVector(std::vector<T>{std::move(element)});
    const std::size_t chunk = index == size() ? chunks_.size() - 1 : chunk_of(index);
    auto changed = *chunks_[chunk];
    changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(index - begin_of(chunk)),
                   std::move(element));
    return replaced_chunk(chunk, std::move(changed));
  }

  /// The sequence without element `index`.
  PersistentVector erased(std::size_t index) const {
    const std::size_t chunk = chunk_of(index);
    auto changed = *chunks_[chunk];
    changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(index - begin_of(chunk)));
    return replaced_chunk(chunk, std::move(changed));
  }

  std::vector<T> to_vector() const { return std::vector<T>(begin(), end()); }

  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = const T*;
    using reference = const T&;

    Iterator() = default;
    reference operator*() const { return (*owner_->chunks_[chunk_])[offset_]; }
    pointer operator->() const { return &**this; }
    Iterator& operator++() {
      if (++offset_ == owner_->chunks_[chunk_]->size()) {
        ++chunk_;
        offset_ = 0;
      }
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator&) const = default;

   private:
    friend class PersistentVector;
    Iterator(const PersistentVector* owner, std::size_t chunk) : owner_(owner), chunk_(chunk) {}
    const PersistentVector* owner_ = nullptr;
    std::size_t chunk_ = 0, offset_ = 0;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, chunks_.size()}; }

 private:
  static constexpr std::size_t chunk_size = 256;

  std::size_t begin_of(std::size_t chunk) const { return chunk == 0 ? 0 : ends_[chunk - 1]; }
  std::size_t chunk_of(std::size_t index) const {
    return static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), index) - ends_.begin());
  }
  void append(std::vector<T> chunk) {
    if (chunk.empty()) return;
    ends_.push_back(size() + chunk.size());
    chunks_.push_back(std::make_shared<const std::vector<T>>(std::move(chunk)));
  }
  PersistentVector replaced_chunk(std::size_t chunk, std::vector<T> changed) const {
    PersistentVector result;
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
      if (i != chunk) {
        result.ends_.push_back(result.size() + chunks_[i]->size());
        result.chunks_.push_back(chunks_[i]);
      } else if (changed.size() > 2 * chunk_size) {
        const auto middle = changed.begin() + static_cast<std::ptrdiff_t>(chunk_size);
        result.append(std::vector<T>(changed.begin(), middle));
        result.append(std::vector<T>(middle, changed.end()));
      } else {
        result.append(std::move(changed));
      }
    }
    return result;
  }

  std::vector<std::shared_ptr<const std::vector<T>>> chunks_;
  std::vector<std::size_t> ends_;  ///< position after each chunk's last element
};

}  // namespace lapidary
