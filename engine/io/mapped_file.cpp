#include "engine/io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "engine/model/error.h"
#include "engine/model/mapped_bytes.h"

namespace lapidary {
namespace {

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number > STDIN_FILENO) ::close(number);
  }
};

[[noreturn]] void fail_to_read(const std::string& path) {
  throw Error(std::string("cannot be read: ") + std::strerror(errno), Error::Kind::Machine)
      .file(path)
      .advice(errno == EACCES || errno == EPERM ? "Ask its owner for the right to read it, or copy it"
                                                : "Copy it to another disk, and open the copy");
}

std::string read_all(int descriptor, const std::string& path) {
  std::string text;
  std::array<char, 1 << 16> block;
  while (true) {
    const ssize_t count = ::read(descriptor, block.data(), block.size());
    if (count == 0) return text;
    if (count > 0)
      text.append(block.data(), static_cast<std::size_t>(count));
    else if (errno != EINTR)
      fail_to_read(path);
  }
}

}  // namespace

FileBytes own_bytes(std::string bytes) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  return {std::as_bytes(std::span(*owner)), owner};
}

FileBytes read_standard_input() { return own_bytes(read_all(STDIN_FILENO, "-")); }

FileBytes map_file(const std::string& path) {
  const Descriptor descriptor{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (descriptor.number < 0) {
    if (errno == ENOENT || errno == ENOTDIR)
      throw Error("there is no such file", Error::Kind::Usage)
          .file(path)
          .advice("Check the name and the folder");
    fail_to_read(path);
  }
  struct stat status {};
  if (::fstat(descriptor.number, &status) != 0) fail_to_read(path);
  if (S_ISDIR(status.st_mode))
    throw Error("is a folder, and a file is needed", Error::Kind::Usage)
        .file(path)
        .advice("Name a file in it");
  if (!S_ISREG(status.st_mode)) return own_bytes(read_all(descriptor.number, path));
  if (status.st_size == 0) return {};

  const auto size = static_cast<std::size_t>(status.st_size);
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.number, 0);
  if (memory == MAP_FAILED) fail_to_read(path);
  std::shared_ptr<const void> owner(memory, Unmap{size});
  return {{static_cast<const std::byte*>(memory), size}, std::move(owner)};
}

void advise(const FileBytes& file, AccessPattern pattern) {
  if (file.bytes.empty()) return;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto address = reinterpret_cast<std::uintptr_t>(file.bytes.data());
  if (address % page != 0) return;  // in memory, not mapped
  ::madvise(const_cast<std::byte*>(file.bytes.data()), file.bytes.size(),
            pattern == AccessPattern::Sparse ? MADV_RANDOM : MADV_NORMAL);
}

}  // namespace lapidary
