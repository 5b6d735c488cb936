#pragma once

#include <string>
#include <vector>

#include "engine/runtime/roofs.h"
#include "engine/trace/statistics.h"

namespace lapidary {

/// Something that could be done about a run's time, and what it rests on.
struct Finding {
  std::string rule;         ///< "slow path", "layout round trip", …
  std::string message;      ///< what it is, with its evidence
  std::vector<int> steps;   ///< in Trace::steps: where it is
  double milliseconds = 0;  ///< what the steps take in a run
  double gain_ms = 0;       ///< of these, what could be saved, estimated; 0 where that is not known
};

/// What rules find in a run, that which takes most time first. Only what takes at least 0.5 % of it.
std::vector<Finding> find_findings(const TraceSummary& summary, const Trace& trace, const Roofs& roofs);

}  // namespace lapidary
