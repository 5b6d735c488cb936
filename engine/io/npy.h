#pragma once

#include <string>

#include "engine/io/mapped_file.h"
#include "engine/io/wire_writer.h"
#include "engine/model/tensor.h"

namespace lapidary {

/// Reads an .npy file, versions 1.0 to 3.0, of either byte order and either order of axes. Types that npy
/// cannot name (bfloat16 as V2, float8 as V1, packed types as one byte an element) become `wanted`. Elements
/// stay in the file where they can. Throws Error; Python objects are refused.
Tensor read_npy(const FileBytes& file, DataType wanted = DataType::Undefined);

/// The header of an .npy file for `tensor`, and its elements, which are referred to where they are numbers.
struct NpyParts {
  std::string header;
  Tensor elements;  ///< bytes to write behind the header
};
NpyParts write_npy(const Tensor& tensor);

}  // namespace lapidary
