#include "engine/model/name_table.h"

#include <bit>
#include <cstring>
#include <functional>

namespace lapidary {
namespace {

std::uint32_t hash_of(std::string_view name) {
  return static_cast<std::uint32_t>(std::hash<std::string_view>{}(name));
}

}  // namespace

NameTable::NameTable(std::size_t count) {
  names_.reserve(count);
  hashes_.reserve(count);
  grow(std::bit_ceil(count * 2 + 8));
}

std::size_t NameTable::slot_of(std::string_view name, std::uint32_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (slots_[slot] >= 0) {
    const auto number = static_cast<std::size_t>(slots_[slot]);
    if (hashes_[number] == hash && names_[number] == name) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

void NameTable::grow(std::size_t slots) {
  slots_.assign(slots, -1);
  const std::size_t mask = slots - 1;
  for (std::size_t number = 0; number < hashes_.size(); ++number) {
    std::size_t slot = hashes_[number] & mask;
    while (slots_[slot] >= 0) slot = (slot + 1) & mask;
    slots_[slot] = static_cast<int>(number);
  }
}

int NameTable::add(std::string_view name) {
  const std::uint32_t hash = hash_of(name);
  std::size_t slot = slot_of(name, hash);
  if (slots_[slot] >= 0) return slots_[slot];
  if (names_.size() * 2 >= slots_.size()) {
    grow(slots_.size() * 2);
    slot = slot_of(name, hash);
  }
  char* text = static_cast<char*>(text_.allocate(name.size() + 1, 1));
  std::memcpy(text, name.data(), name.size());
  slots_[slot] = size();
  names_.emplace_back(text, name.size());
  hashes_.push_back(hash);
  return slots_[slot];
}

int NameTable::find(std::string_view name) const { return slots_[slot_of(name, hash_of(name))]; }

}  // namespace lapidary
