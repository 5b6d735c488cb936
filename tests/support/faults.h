#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/model/model.h"

namespace lapidary::test {

/// A model with one thing wrong, and the node at which it is.
struct FaultyModel {
  ModelPointer model;
  std::string node;  ///< its label
};

/// Kinds of faults that exporters, converters and runtimes make: "weight", "transposed weight", "attribute",
/// …
const std::vector<std::string>& fault_kinds();

/// The model with one fault of that kind in its main graph, at a place that `seed` chooses; nothing if it has
/// no place for one.
std::optional<FaultyModel> with_fault(const ModelPointer& model, const std::string& kind, std::uint64_t seed);

}  // namespace lapidary::test
