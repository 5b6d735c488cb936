#include "engine/io/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "engine/io/external_data.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

[[noreturn]] void fail_to_write(const std::string& path) {
  const bool full = errno == ENOSPC || errno == EDQUOT;
  Error error(std::string("cannot be written: ") + std::strerror(errno), Error::Kind::Machine);
  throw error.file(path).advice(full ? "Make room or choose another place; what was there before is unchanged"
                                     : "Choose another place; what was there before is unchanged");
}

/// The mode that a new file would have, or that of the file to be replaced.
mode_t mode_for(const std::string& target) {
  struct stat status {};
  if (::stat(target.c_str(), &status) == 0) return status.st_mode & 07777;
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

void sync_folder_of(const std::string& path) {
  const int folder = ::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;  // the file itself is safe; not every file system lets a folder be opened
  ::fsync(folder);
  ::close(folder);
}

std::string with_links_followed(const std::string& path) {
  std::error_code error;
  const auto target = std::filesystem::canonical(path, error);
  return error ? path : target.string();
}

/// A new file beside `target`; its name goes to `name`.
int create_beside(const std::string& target, std::string& name) {
  name = target + ".XXXXXX";
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) name.clear();
  return descriptor;
}

/// A new file in the folder of `target` that has no name yet, so that not even a killed program leaves one
/// behind; -1 where the file system cannot do that.
int create_nameless(const std::string& target) {
  return ::open(folder_of(target).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
}

/// Gives a nameless file a name beside `target`, which goes to `name`; false on failure.
bool give_name(int descriptor, const std::string& target, std::string& name) {
  const std::string source = "/proc/self/fd/" + std::to_string(descriptor);
  for (unsigned attempt = 0; attempt < 100; ++attempt) {
    const std::string candidate = target + "." + std::to_string(::getpid()) + "-" + std::to_string(attempt);
    if (::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, candidate.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      name = candidate;
      return true;
    }
    if (errno != EEXIST) return false;
  }
  return false;
}

}  // namespace

AtomicFile::AtomicFile(const std::string& path) : path_(path), target_(with_links_followed(path)) {
  std::error_code error;
  const auto status = std::filesystem::status(target_, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    descriptor_ = ::open(target_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail();
    return;
  }
  replaces_ = true;
  descriptor_ = create_nameless(target_);
  if (descriptor_ < 0) descriptor_ = create_beside(target_, temporary_);
  if (descriptor_ < 0) fail();
  ::fchmod(descriptor_, mode_for(target_));
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::fail() const { fail_to_write(path_); }

void AtomicFile::write(std::span<const std::byte> bytes) {
  constexpr std::size_t largest_block = 64 << 20;
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), std::min(bytes.size(), largest_block));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail();
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    size_ += count;
  }
}

void AtomicFile::commit() {
  if (replaces_ && ::fsync(descriptor_) != 0) fail();
  if (replaces_ && temporary_.empty() && !give_name(descriptor_, target_, temporary_)) fail();
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (::close(descriptor) != 0) fail();
  if (!replaces_) return;
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail();
  temporary_.clear();
  sync_folder_of(target_);
}

TemporaryName::TemporaryName(const std::string& path) : path_(with_links_followed(path)) {
  const int descriptor = create_beside(path_, temporary_);
  if (descriptor < 0) fail_to_write(path);
  ::close(descriptor);
  ::unlink(temporary_.c_str());
}

TemporaryName::~TemporaryName() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void TemporaryName::commit() {
  const int descriptor = ::open(temporary_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail_to_write(path_);
  const bool synced = ::fchmod(descriptor, mode_for(path_)) == 0 && ::fsync(descriptor) == 0;
  ::close(descriptor);
  if (!synced || ::rename(temporary_.c_str(), path_.c_str()) != 0) fail_to_write(path_);
  temporary_.clear();
  sync_folder_of(path_);
}

}  // namespace lapidary
