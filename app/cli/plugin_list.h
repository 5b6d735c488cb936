#pragma once

#include "app/cli/command.h"

namespace lapidary::cli {

/// The plug-ins that were found: name, path, what each brings, and why one could not be loaded.
Json plugins_json();
/// The same as a table below what a command has listed; nothing where there are none.
void print_plugins();

}  // namespace lapidary::cli
