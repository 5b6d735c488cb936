#pragma once

#include "engine/io/tensor_file.h"

/// Maps in files that hold tensors only: a value NAME stands there as NAME.keys [C] and NAME.values, [C] for
/// one map and [N, C] for a sequence of N maps with the same keys.
namespace lapidary {

/// The data with every map, and every sequence of maps, as two tensors. Throws Error for maps whose keys
/// differ, and for what is neither tensor nor map.
NamedData maps_as_tensors(const NamedData& data);
/// The other way, for what `wanted` says is a map or a sequence of maps.
NamedData tensors_as_maps(NamedData data, const std::vector<WantedData>& wanted);

}  // namespace lapidary
