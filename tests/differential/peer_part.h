#pragma once

#include "tests/differential/engines.h"

namespace lapidary::differential {

/// A part of a case, and what the peer made of it.
struct PartialRun {
  Case part;
  Outcome outcome;
};

/// What is left of the case without the nodes that ONNX Runtime refuses and without those that read from
/// them. Nothing if nothing is left, or it says no name of an operator that it refuses.
std::optional<PartialRun> run_what_it_takes(Peer& peer, const Case& one);

}  // namespace lapidary::differential
