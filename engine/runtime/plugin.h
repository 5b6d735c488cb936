#pragma once

#include <vector>

#include "engine/ops/operator.h"
#include "engine/runtime/backend.h"

namespace lapidary {

/// What a plug-in brings into the program: operators of domains of its own, and ways to run models.
struct PluginContents {
  std::vector<Operator> operators;
  std::vector<Backend> backends;
};

/// Counted up whenever Operator, Backend, or what they hold changes its layout or meaning. A plug-in that was
/// built with another number is refused.
inline constexpr int plugin_interface = 1;

}  // namespace lapidary

/// Makes a shared module a plug-in; `function` fills a PluginContents, and may throw Error with the reason
/// why the plug-in cannot be used on this machine. Stands once in a module, outside of any namespace. What
/// crosses the border are plain C++ objects: the engine is one shared library, so that the module, linked to
/// it, finds the copy that the program has loaded already, with its types, helpers and registries.
#define LAPIDARY_PLUGIN(function)                                                     \
  extern "C" __attribute__((visibility("default"))) int lapidary_plugin_interface() { \
    return lapidary::plugin_interface;                                                \
  }                                                                                   \
  extern "C" __attribute__((visibility("default"))) void lapidary_plugin(             \
      lapidary::PluginContents* contents) {                                           \
    function(*contents);                                                              \
  }
