#pragma once

#include <map>
#include <set>
#include <string>

#include "engine/precision/calibration.h"

namespace lapidary {

/// Nodes that must not compute in a type of 16 bits, since a tensor that they make or read would overflow or
/// vanish in it (see RoundingLoss).
struct UnfitNodes {
  std::map<std::string, std::string> reasons;  ///< by label
  std::set<std::string> values;                ///< the tensors
};

/// Runs the model (see with_functions_inlined) on every set.
UnfitNodes find_unfit_nodes(const ModelPointer& model, const Backend& backend, const InputSets& sets,
                            DataType target, const Progress& progress = {});

}  // namespace lapidary
