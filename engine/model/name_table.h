#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <memory_resource>

namespace lapidary {

/// Numbers names from 0 on, in the order in which they first come. Keeps names of its own, so that it may
/// outlive what they were read from.
class NameTable {
 public:
  /// For about `count` names.
  explicit NameTable(std::size_t count = 0);
  NameTable(const NameTable&) = delete;
  NameTable& operator=(const NameTable&) = delete;

  /// The number of `name`, a new one if it is not there.
  int add(std::string_view name);
  /// The number of `name`, or -1.
  int find(std::string_view name) const;
  int size() const { return static_cast<int>(names_.size()); }

 private:
  /// The slot that holds the name, or the free one where it belongs.
  std::size_t slot_of(std::string_view name, std::uint32_t hash) const;
  void grow(std::size_t slots);

  std::pmr::monotonic_buffer_resource text_;
  std::vector<std::string_view> names_;
  std::vector<std::uint32_t> hashes_;  ///< by number
  std::vector<int> slots_;             ///< open addressing: number, or -1; a power of two of them
};

}  // namespace lapidary
