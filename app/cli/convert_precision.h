#pragma once

#include <functional>

#include "app/cli/command.h"
#include "engine/model/model.h"

namespace lapidary::cli {

/// What `convert` does to the numbers in which a model computes.
struct PrecisionAction {
  /// The converted model, or the same where nothing is asked for; adds what there is to say to the document.
  std::function<ModelPointer(const ModelPointer&, Json&, const Output&)> apply;
  /// Prints what apply() said, as text.
  std::function<void(const Json&)> print;
};

/// Declares the options.
PrecisionAction declare_precision(CLI::App& app);

}  // namespace lapidary::cli
