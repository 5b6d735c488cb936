// A plug-in whose backend has the name of a built-in one.
#include "engine/reference/reference_backend.h"
#include "engine/runtime/plugin.h"

namespace {

void fill(lapidary::PluginContents& contents) {
  contents.backends.push_back(lapidary::reference_backend());
  contents.backends.back().name = "cpu";
}

}  // namespace

LAPIDARY_PLUGIN(fill)
