#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace lapidary {

/// A file that is written beside its target and takes its place only when it is complete and on disk:
/// whatever fails before leaves what was there. Pipes and devices are written to directly. All throw Error of
/// Kind::Machine.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(const std::string& text) { write(std::as_bytes(std::span(text))); }
  /// Bytes written so far.
  std::int64_t size() const { return size_; }
  /// Brings everything to disk and puts the file in its place.
  void commit();

 private:
  [[noreturn]] void fail() const;

  std::string path_, target_;  ///< as the user names it; with links followed
  std::string temporary_;      ///< the new file's name while it has one
  bool replaces_ = false;      ///< false where the target is written to directly
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

/// A name for a file beside `path` that does not exist yet, for writers that open their file themselves.
class TemporaryName {
 public:
  explicit TemporaryName(const std::string& path);
  ~TemporaryName();
  TemporaryName(const TemporaryName&) = delete;
  TemporaryName& operator=(const TemporaryName&) = delete;

  const std::string& name() const { return temporary_; }
  /// Brings the file to disk and puts it in its place.
  void commit();

 private:
  std::string path_, temporary_;
};

}  // namespace lapidary
