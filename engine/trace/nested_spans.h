#pragma once

#include <cstdint>
#include <functional>

#include "engine/trace/trace.h"

namespace lapidary {

/// Calls `visit` for each span of an operator, in the trace's order of ends, with the time that no other
/// operator's span nested in it took.
void for_each_own_time(const Trace& trace,
                       const std::function<void(const Span&, std::int64_t own_ns)>& visit);

}  // namespace lapidary
