#pragma once

#include <string>
#include <string_view>

#include "engine/model/dimension.h"

namespace lapidary {

/// The dictionary at the start of an .npy file.
struct NpyHeader {
  std::string description;  ///< e.g. "<f4"
  bool fortran_order = false;
  Dims shape;
};

/// Reads the text of a Python dictionary with the keys descr, fortran_order and shape. Throws Error if it is
/// another.
NpyHeader parse_npy_header(std::string_view text);

}  // namespace lapidary
