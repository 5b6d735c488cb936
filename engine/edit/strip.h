#pragma once

#include "engine/model/model.h"

namespace lapidary {

/// What strip() left out, in numbers.
struct Stripped {
  std::size_t documentation = 0;  ///< texts, of the model and all in it
  std::size_t node_names = 0;
  std::size_t metadata = 0;  ///< entries
  bool producer = false;     ///< its name and version
};

/// The model without what no runtime needs: documentation, names of nodes, metadata, producer. Names of
/// values, and the types that are declared for them, stay.
ModelPointer strip(const Model& model, Stripped& stripped);

}  // namespace lapidary
