#pragma once

#include <set>
#include <string>
#include <unordered_map>

#include "engine/analysis/inferred_types.h"
#include "engine/precision/convert_precision.h"

namespace lapidary {

/// Nodes that keep their types, and why.
using KeepReasons = std::unordered_map<const Node*, std::string>;

/// One walk through a model without functions, as convert_precision does it, in which some nodes and inputs
/// are known to keep their types. The result may hold nodes that do not fit together. Throws
/// FixedElementType.
PrecisionConversion walk_precision(const ModelPointer& model, const InferredTypes& types,
                                   const PrecisionOptions& options, const KeepReasons& reasons,
                                   const std::set<std::string>& fixed_inputs);

}  // namespace lapidary
