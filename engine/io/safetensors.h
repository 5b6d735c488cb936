#pragma once

#include <string>

#include "engine/io/mapped_file.h"
#include "engine/io/tensor_file.h"

namespace lapidary {

/// Reads a .safetensors file, tensors in the order of their data. 8-bit integers become a packed type where
/// one is wanted; types that ONNX lacks come as bytes. Throws Error where header and data do not fit together
/// exactly.
NamedData read_safetensors(const FileBytes& file, const std::vector<WantedData>& wanted);

/// The parts of a .safetensors file one after the other: its header, then the data of each tensor, which is
/// referred to.
struct SafetensorsParts {
  std::string header;
  std::vector<Tensor> tensors;
};
SafetensorsParts write_safetensors(const NamedData& data);

}  // namespace lapidary
