#pragma once

#include <string>
#include <string_view>

#include "engine/model/type.h"

namespace lapidary {

/// Types as edits write them: "float32", "float32[N, 3, 224, 224]", "int64[]" for a scalar, "float16[?,
/// 2*N]", "seq(float32[N])", "optional(int64)", "map(int64, float32)", "sparse(float32[4])"; element types in
/// any of the forms of data_type_from(). Empty text is an unknown type. Throws Error.
Type type_from_text(std::string_view text);
std::string type_text(const Type& type);

}  // namespace lapidary
