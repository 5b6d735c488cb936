#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "engine/io/mapped_file.h"

namespace lapidary {

struct ZipEntry {
  std::string name;
  FileBytes content;
};

/// The entries of a zip archive, unpacked, folders left out. Throws Error if it is damaged, needs a password,
/// or unpacks to far more than an archive of models or tensors would.
std::vector<ZipEntry> read_zip(const FileBytes& archive);
/// Names only, and one entry by its name.
std::vector<std::string> names_in_zip(const FileBytes& archive);
FileBytes read_zip_entry(const FileBytes& archive, const std::string& name);

/// Spans one after the other that make an entry; they must live until the archive is written.
using Pieces = std::vector<std::span<const std::byte>>;
enum class ZipMethod { Store, Deflate };
/// Writes an archive to `path`, which must not exist yet. Throws Error of Kind::Machine.
void write_zip(const std::string& path, const std::vector<std::pair<std::string, Pieces>>& entries,
               ZipMethod method);

}  // namespace lapidary
