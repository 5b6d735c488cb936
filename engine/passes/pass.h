#pragma once

#include <string>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

/// What a pass changed, by node labels, so that preview, proof and bisection work for all passes alike.
struct PassResult {
  ModelPointer model;
  std::vector<std::string> changed;
};

/// A rewrite of the whole model that keeps what it computes.
struct Pass {
  std::string name;         ///< "fold_batch_normalization"
  std::string description;  ///< one sentence
  PassResult (*apply)(const ModelPointer&);
};

/// All passes in running order, each with the reason for its place.
const std::vector<Pass>& passes();

}  // namespace lapidary
