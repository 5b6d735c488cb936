#pragma once

#include <string>
#include <vector>

#include "engine/runtime/backend.h"

namespace lapidary {

/// Every backend that can be asked for: the built-in ones first, then plug-ins.
const std::vector<Backend>& backends();
/// Loads the plug-ins of plugin_folders(). To be called once, at start-up, before anything else of this
/// header and before other threads are there.
void load_plugins();
/// The backend of that name. Throws Error (Kind::Usage, naming those there are).
const Backend& find_backend(const std::string& name);

}  // namespace lapidary
