#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

/// A node that cannot be written in the operator set asked for.
struct OpsetBlocker {
  std::string node;    ///< label of the node of the model given; empty for the model as a whole
  std::string reason;  ///< "the mode wrap of Pad came with operator set 19"
};

struct OpsetConversion {
  ModelPointer model;  ///< nullptr if there are blockers
  std::vector<OpsetBlocker> blockers;
};

inline constexpr std::int64_t oldest_target_opset = 7;

/// The model in version `target` of ai.onnx, bodies and functions included, with the same meaning: values
/// keep their names, and nodes that mean the same in both versions stay as they are. The IR version is raised
/// where the operator set needs it. Throws Error of Kind::Usage if `target` is not in 7 … 27, and Error if
/// the model's own operator set is newer than those that are known.
OpsetConversion convert_opset(const ModelPointer& model, std::int64_t target);

}  // namespace lapidary
