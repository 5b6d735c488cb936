#pragma once

#include <optional>
#include <string>

#include "engine/analysis/inferred_types.h"
#include "engine/edit/edit.h"

namespace lapidary {

/// One step that takes a problem away.
struct Repair {
  std::string title;  ///< such as "Sort the nodes"
  EditStep step;
};

/// What repairs the problem that check_model found in the model; nothing where only a person can say. `types`
/// are those of the model.
std::optional<Repair> repair_for(const Problem& problem, const Model& model, const InferredTypes& types);

}  // namespace lapidary
