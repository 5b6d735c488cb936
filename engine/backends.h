#pragma once

#include <string>
#include <vector>

#include "engine/runtime/backend.h"

namespace lapidary {

/// Every backend that can be asked for: the built-in ones first, then plug-ins.
const std::vector<Backend>& backends();
/// The backend of that name. Throws Error (Kind::Usage, naming those there are).
const Backend& find_backend(const std::string& name);

}  // namespace lapidary
