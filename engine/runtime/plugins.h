#pragma once

#include <string>
#include <vector>

#include "engine/runtime/plugin.h"

namespace lapidary {

/// A shared module that was found, and what came of it.
struct Plugin {
  std::string name;  ///< the file's name without its ending: "example_operator"
  std::string path;
  std::string refusal;                 ///< why it could not be loaded, and what to do; empty if it was
  std::vector<std::string> operators;  ///< "org.example.Snake"
  std::vector<Backend> backends;       ///< of kind "plug-in"
};

/// Where plug-ins are looked for: lapidary/plugins beside the engine's library, and the folders that the
/// environment variable LAPIDARY_PLUGINS lists, with colons between.
std::vector<std::string> plugin_folders();
/// Loads every module (*.so) of the folders, in the order of their names, and adds its operators to
/// operator_table(). All or nothing is taken of a module: it is refused where it was built for another
/// interface, brings an operator that is known already or a backend whose name is one of `taken`. Never
/// throws for what a module does wrong. To be called at start-up, before other threads use the table.
void load_plugins(const std::vector<std::string>& folders, const std::vector<std::string>& taken);
/// All that were found so far, loaded or not.
const std::vector<Plugin>& plugins();
/// The name of the plug-in that brought the operator; empty if it is built in.
std::string plugin_of(const Operator& record);

}  // namespace lapidary
