#pragma once

#include "engine/runtime/roofs.h"

namespace lapidary {

/// What this machine can do on so many threads (0: one for each that the hardware has): measured once, which
/// takes about two seconds, and remembered in the user's cache folder.
Roofs machine_roofs(int threads);

}  // namespace lapidary
