#pragma once

#include <string_view>

#include "engine/io/tensor_file.h"

namespace lapidary {

/// True for JSON that Polygraphy writes.
bool is_polygraphy(std::string_view json);
/// The arrays that it holds by name: outputs of the first runner's first iteration, or saved inputs. Read in
/// a stream, one array at a time. Throws Error; tensors of PyTorch, which are pickles, are refused.
NamedData read_polygraphy(std::string_view json);

}  // namespace lapidary
