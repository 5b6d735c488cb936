#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "engine/io/model_file.h"
#include "engine/model/error.h"

using namespace lapidary;

namespace {

/// A file of this process that goes with its scope.
struct ScratchFile {
  explicit ScratchFile(const std::string& name)
      : path((std::filesystem::temp_directory_path() /
              ("lapidary_load_fuzz_" + std::to_string(::getpid()) + "_" + name + ".onnx"))
                 .string()) {}
  ~ScratchFile() { std::filesystem::remove(path); }
  std::string content() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  const std::string path;
};

}  // namespace

/// Opens any bytes as a model. Whatever they are, the outcome is a model or an Error; what opens must be
/// saved, opened again, and then give the same file once more. Built with a fuzzer's main by Clang, and with
/// one that walks through the corpus by every compiler.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  LoadedModel loaded;
  try {
    loaded = load_model_from_memory(bytes, "fuzz.onnx");
  } catch (const Error&) {
    return 0;
  }
  const ScratchFile first("first"), second("second");
  save_model(*loaded.model, first.path);
  save_model(*load_model(first.path).model, second.path);
  if (first.content() != second.content()) std::abort();
  return 0;
}
