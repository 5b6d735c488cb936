#pragma once

#include <string>
#include <vector>

#include "engine/compare/difference.h"
#include "engine/runtime/backend.h"

namespace lapidary {

struct EquivalenceOptions {
  int runs = 4;  ///< different inputs
  double seconds =
      15;  ///< once the original has run so long in all, no further inputs are made up; at least one is
  Tolerance tolerance{1e-3, 1e-4};
  std::uint64_t seed = 1;
};

/// What comparing two models on made-up inputs came to.
struct Equivalence {
  bool equal = true;
  int inputs = 0;
  double max_absolute = 0, max_relative = 0;
  std::string tensor;   ///< the output with the largest absolute error; empty if all are the same
  std::string message;  ///< where they part; empty if equal

  /// "tested equivalent on 4 inputs, worst error 1.2e-06 at tensor 'y'"
  std::string text() const;
};

/// One model's results on several made-up inputs, to hold others against.
class EquivalenceTest {
 public:
  /// Runs the original. Throws Error if it does not run on anything that can be made up.
  EquivalenceTest(ModelPointer original, const Backend& backend, EquivalenceOptions options = {});
  /// Runs `result`, which must have the original's inputs and outputs. A model that does not run is not
  /// equal.
  Equivalence compare(const ModelPointer& result) const;

 private:
  struct Case {
    std::vector<Datum> inputs, outputs;
  };
  const Backend& backend_;
  EquivalenceOptions options_;
  std::vector<std::string> outputs_;
  std::vector<Case> cases_;
};

}  // namespace lapidary
