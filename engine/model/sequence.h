#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "engine/model/persistent_vector.h"

namespace lapidary {

// Changes of many elements at a time. Up to a few hundred they cost their chunks; more than that, one walk.

inline constexpr std::size_t few_changes = 256;

/// Every element for which `change` gives one replaced by it: T → std::optional<T>.
template <class T, class F>
PersistentVector<T> updated(const PersistentVector<T>& sequence, F&& change) {
  std::vector<std::pair<std::size_t, T>> changes;
  std::size_t position = 0;
  for (const T& element : sequence) {
    if (std::optional<T> changed = change(element)) changes.emplace_back(position, std::move(*changed));
    ++position;
  }
  if (changes.size() <= few_changes) {
    PersistentVector<T> result = sequence;
    for (auto& [index, element] : changes) result = result.with(index, std::move(element));
    return result;
  }
  auto elements = sequence.to_vector();
  for (auto& [index, element] : changes) elements[index] = std::move(element);
  return PersistentVector<T>(std::move(elements));
}

/// The sequence without the elements at `positions`, which ascend.
template <class T>
PersistentVector<T> without(const PersistentVector<T>& sequence, const std::vector<std::size_t>& positions) {
  if (positions.size() <= few_changes) {
    PersistentVector<T> result = sequence;
    for (auto position = positions.rbegin(); position != positions.rend(); ++position)
      result = result.erased(*position);
    return result;
  }
  std::vector<T> kept;
  std::size_t index = 0, next = 0;
  for (const T& element : sequence) {
    if (next < positions.size() && positions[next] == index)
      ++next;
    else
      kept.push_back(element);
    ++index;
  }
  return PersistentVector<T>(std::move(kept));
}

/// The sequence without the elements that fulfil `condition`.
template <class T, class F>
PersistentVector<T> without_if(const PersistentVector<T>& sequence, F&& condition) {
  std::vector<std::size_t> positions;
  std::size_t index = 0;
  for (const T& element : sequence) {
    if (condition(element)) positions.push_back(index);
    ++index;
  }
  return without(sequence, positions);
}

/// The sequence with `elements` before position `index`.
template <class T>
PersistentVector<T> with_inserted(const PersistentVector<T>& sequence, std::size_t index,
                                  std::vector<T> elements) {
  if (elements.size() <= few_changes) {
    PersistentVector<T> result = sequence;
    for (auto& element : elements) result = result.inserted(index++, std::move(element));
    return result;
  }
  auto all = sequence.to_vector();
  all.insert(all.begin() + static_cast<std::ptrdiff_t>(index), std::make_move_iterator(elements.begin()),
             std::make_move_iterator(elements.end()));
  return PersistentVector<T>(std::move(all));
}

template <class T>
PersistentVector<T> appended(const PersistentVector<T>& sequence, T element) {
  return sequence.inserted(sequence.size(), std::move(element));
}

}  // namespace lapidary
