#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/precision/accuracy.h"
#include "engine/precision/convert_precision.h"

namespace lapidary {

/// Makes the conversion with some nodes left as they are: by label, with the reason.
using Convert = std::function<PrecisionConversion(const std::map<std::string, std::string>& kept)>;

struct TargetSearch {
  PrecisionConversion conversion;
  double error = 0;  ///< largest relative error of an output
  int runs = 0;      ///< conversions that were tried
};

/// Leaves as few nodes as they are as it takes to bring the largest relative error of an output to `target`:
/// those first that add most error of their own, their number found by bisection. Where not even all of them
/// suffice, all stay. `original` is the model that is converted: its nodes are those named.
TargetSearch search_target(const Model& original, const Convert& convert, const AccuracyTest& test,
                           double target);

/// Labels, those first whose output has most error that their inputs do not have.
std::vector<std::string> by_own_error(const Graph& graph, const std::vector<std::string>& labels,
                                      const Accuracy& accuracy);

}  // namespace lapidary
