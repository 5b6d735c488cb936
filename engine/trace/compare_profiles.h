#pragma once

#include <string>
#include <vector>

#include "engine/trace/statistics.h"

namespace lapidary {

/// Steps of two profiles that do the same work: one against one, or a fused step against its parts.
struct ProfilePair {
  std::vector<int> first, second;  ///< in each Trace::steps; one is empty where there is no counterpart
  double first_ms = 0, second_ms = 0;
  std::string evidence;  ///< "both make 'y'", "same nodes", "no counterpart"
};

/// Aligns two profiles by the tensors that their steps make and the nodes that they stand for; never by a
/// part of a name. That which differs by most milliseconds stands first.
std::vector<ProfilePair> compare_profiles(const TraceSummary& first, const Trace& first_trace,
                                          const TraceSummary& second, const Trace& second_trace);

}  // namespace lapidary
