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

/// Nodes with bodies whose outputs are no longer finite in the converted model, where those of the original
/// are: what overflows inside, no run of the original shows. `backend` must compute in the model's own types.
/// By label, with the reason; none where the model has no such nodes.
std::map<std::string, std::string> find_unfit_bodies(const ModelPointer& original,
                                                     const ModelPointer& converted, const Backend& backend,
                                                     const InputSets& sets);

}  // namespace lapidary
