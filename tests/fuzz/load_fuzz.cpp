#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/io/model_file.h"
#include "engine/model/error.h"

using namespace lapidary;

/// Opens any bytes as a model. Whatever they are, the outcome is a model or an Error; what opens must be
/// saved and opened again. Built with a fuzzer's main by Clang, and with one that walks through the corpus by
/// every compiler.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  LoadedModel loaded;
  try {
    loaded = load_model_from_memory(bytes, "fuzz.onnx");
  } catch (const Error&) {
    return 0;
  }
  save_model(*loaded.model, "/dev/null");
  return 0;
}
