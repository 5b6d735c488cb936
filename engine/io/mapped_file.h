#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace lapidary {

/// Bytes of a file and what keeps them alive.
struct FileBytes {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;

  std::string_view text() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
};

/// Maps a regular file read only; reads pipes and devices into memory. Throws Error with the file named:
/// Usage if there is no such file or it is a folder, Machine if it cannot be read.
FileBytes map_file(const std::string& path);
/// All of standard input.
FileBytes read_standard_input();
FileBytes own_bytes(std::string bytes);

/// While a model's structure is read, pages come singly as they are touched; afterwards the kernel may read
/// ahead again.
enum class AccessPattern { Sparse, Normal };
void advise(const FileBytes& file, AccessPattern pattern);

}  // namespace lapidary
