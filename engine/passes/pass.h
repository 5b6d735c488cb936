#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

/// What a pass changed, by node labels, so that preview, proof and bisection work for all passes alike.
struct PassResult {
  ModelPointer model;
  std::vector<std::string> changed;
};

/// How far a rewrite may go: Basic keeps every output bit for bit; Extended reorders floating arithmetic.
enum class PassLevel { Basic, Extended };

/// A rewrite of the whole model that keeps what it computes.
struct Pass {
  std::string name;         ///< "fold_batch_normalization"
  std::string description;  ///< one sentence
  PassLevel level;
  PassResult (*apply)(const ModelPointer&);
};

/// All passes in running order.
const std::vector<Pass>& passes();

/// What each pass did in one call of optimize().
struct PassReport {
  std::string name;
  std::size_t changes = 0;
  double ms = 0;
};

/// Runs the passes that `wanted` accepts in their order, again and again until none changes anything.
ModelPointer optimize(ModelPointer model, const std::function<bool(const Pass&)>& wanted,
                      std::vector<PassReport>& reports);

}  // namespace lapidary
