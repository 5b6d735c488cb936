#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "engine/io/atomic_file.h"
#include "engine/io/mapped_file.h"

namespace lapidary {

/// Unpacks gzip data, all its members. `look` sees the first bytes before the rest is unpacked, and throws
/// where they promise nothing good. Throws Error if the data is damaged or unpacks to far more than a model
/// would.
FileBytes gunzip(const FileBytes& file, const std::function<void(std::string_view)>& look);

/// Packs what is written to it into a gzip file.
class GzipWriter {
 public:
  explicit GzipWriter(AtomicFile& file);
  ~GzipWriter();
  void write(std::span<const std::byte> bytes);
  void finish();

 private:
  struct State;
  void pump(int flush);
  AtomicFile& file_;
  std::unique_ptr<State> state_;
};

}  // namespace lapidary
