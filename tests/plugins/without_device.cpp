// A plug-in that finds at start-up that it cannot be used here.
#include "engine/runtime/plugin.h"

namespace {

struct NoDevice : std::exception {
  const char* what() const noexcept override { return "no abacus is connected"; }
};

void fill(lapidary::PluginContents&) { throw NoDevice(); }

}  // namespace

LAPIDARY_PLUGIN(fill)
