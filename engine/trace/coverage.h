#pragma once

#include "engine/trace/trace.h"

namespace lapidary {

/// Share of one run's wall time in which at least one operator ran; nested spans count once. 0 for a run that
/// is not there.
double coverage_of(const Trace& trace, int run);

}  // namespace lapidary
