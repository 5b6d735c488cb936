#pragma once

#include <string>
#include <vector>

#include "engine/analysis/hierarchy.h"
#include "engine/trace/statistics.h"

namespace lapidary {

/// Time of several operators taken together.
struct GroupTime {
  std::string name;
  int parent = -1;                  ///< modules: index of the module around, -1 for the whole model
  int operators = 0;                ///< nodes, for modules; steps, for shapes
  double total_ms = 0, own_ms = 0;  ///< own: without what is in modules inside
  double share = 0;
};

/// By module, as the hierarchy lists its groups (so that the first is the whole model): a module's time is
/// that of all nodes inside.
std::vector<GroupTime> times_by_module(const TraceSummary& summary, const Hierarchy& hierarchy);
/// By operator and the shapes of its inputs, slowest first.
std::vector<GroupTime> times_by_shape(const TraceSummary& summary, const Trace& trace);

}  // namespace lapidary
