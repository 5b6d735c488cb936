// A plug-in that brings a backend: the built-in reference under another name.
#include "engine/reference/reference_backend.h"
#include "engine/runtime/plugin.h"

namespace {

void fill(lapidary::PluginContents& contents) {
  contents.backends.push_back(lapidary::reference_backend());
  contents.backends.back().name = "second_reference";
}

}  // namespace

LAPIDARY_PLUGIN(fill)
