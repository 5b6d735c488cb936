#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

/// Gives every file of the named folders to the fuzz target, whole, and cut in the middle.
int main(int count, char** arguments) {
  int files = 0;
  for (int i = 1; i < count; ++i)
    for (const auto& entry : std::filesystem::directory_iterator(arguments[i])) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string content{std::istreambuf_iterator<char>(file), {}};
      const auto* data = reinterpret_cast<const std::uint8_t*>(content.data());
      LLVMFuzzerTestOneInput(data, content.size());
      LLVMFuzzerTestOneInput(data, content.size() / 2);
      ++files;
    }
  std::printf("%d files\n", files);
  return files > 0 ? 0 : 1;
}
