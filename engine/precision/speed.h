#pragma once

#include "engine/precision/calibration.h"

namespace lapidary {

/// Median wall times of a run, in milliseconds.
struct Speeds {
  double before_ms = 0, after_ms = 0;
};
/// Runs both models in turns on one set (in the types of the first one's inputs), for about `seconds` in all.
Speeds compare_speed(const ModelPointer& before, const ModelPointer& after, const Backend& backend,
                     const std::vector<Datum>& set, double seconds = 2);

}  // namespace lapidary
