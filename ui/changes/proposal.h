#pragma once

#include <QString>
#include <set>
#include <string>
#include <vector>

#include "engine/edit/edit.h"
#include "engine/passes/pass.h"
#include "ui/jobs/job.h"

namespace lapidary::ui {

/// What a person wants of the optimizer.
struct OptimizeChoice {
  PassLevel level = PassLevel::Extended;
  std::set<std::string> skipped;  ///< passes
  std::set<Rewrite> leftOut;      ///< single rewrites

  bool operator==(const OptimizeChoice&) const = default;
};

/// The edit that makes the choice's rewrites.
EditStep step_of(const OptimizeChoice& choice);

/// What a model holds and costs, as far as two of them can be compared.
struct ModelFigures {
  std::size_t nodes = 0;
  double flops = 0;
  std::int64_t parameterBytes = 0, peakBytes = 0;
};
ModelFigures figures_of(const Model& model);

/// An optimized model that is not accepted yet.
struct Proposal {
  OptimizeChoice choice;
  ModelPointer original, model;
  std::vector<Rewrite> rewrites;  ///< made, in order
  std::vector<std::string> notes;
  ModelFigures before, after;
  QString proof;  ///< what comparing the two on made-up inputs came to; empty while nobody asked
};

/// Throws Error, and Cancelled.
Proposal propose(const ModelPointer& model, const OptimizeChoice& choice, const JobControl& control);
/// The same, proven: rewrites that change what the model says are left out, and the choice says which.
Proposal propose_proven(const ModelPointer& model, const OptimizeChoice& choice, const JobControl& control);

}  // namespace lapidary::ui
