#pragma once

#include <string>
#include <vector>

#include "engine/runtime/backend.h"

namespace lapidary {

/// Throws UnsupportedOperatorError that names all operators ("domain.name") and says what can be done: where
/// an exporter left operators of its framework in the file, how to export again.
[[noreturn]] void throw_unsupported(const std::vector<std::string>& operators);

}  // namespace lapidary
