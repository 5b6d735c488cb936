#pragma once

#include "tests/differential/engines.h"

namespace lapidary::differential {

/// Optimizes the case's model with all passes in an order that `seed` says, with some sizes made free, and
/// tells where the result is invalid or gives something else on `reference`; empty if nowhere.
std::string passes_differ(const Case& one, std::uint64_t seed);

}  // namespace lapidary::differential
