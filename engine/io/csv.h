#pragma once

#include "engine/io/mapped_file.h"
#include "engine/model/tensor.h"

namespace lapidary {

/// Reads numbers that stand in lines, parted by commas, semicolons, tabs or spaces (RFC 4180 without quotes),
/// as a tensor [lines, numbers a line], or [numbers] where there is one line. A first line that holds no
/// numbers is a heading; empty lines and those that begin with # are left out. Throws Error with the line.
Tensor read_csv(const FileBytes& file, DataType wanted = DataType::Float32);

}  // namespace lapidary
