#include "engine/precision/error_target.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace lapidary {

std::vector<std::string> by_own_error(const Graph& graph, const std::vector<std::string>& labels,
                                      const Accuracy& accuracy) {
  std::unordered_map<std::string, double> errors;
  for (const auto* list : {&accuracy.outputs, &accuracy.layers})
    for (const auto& tensor : *list) errors[tensor.tensor] = tensor.relative_error;
  const auto error_of = [&](const std::string& name) {
    const auto found = errors.find(name);
    return found == errors.end() ? 0.0 : found->second;
  };
  std::unordered_map<std::string, double> own;
  for (const auto& node : graph.nodes) {
    double made = 0, given = 0;
    for (const auto& output : node->outputs) made = std::max(made, error_of(output));
    for (const auto& input : node->inputs) given = std::max(given, error_of(input));
    // Independent errors add up by their squares.
    own[node->label()] = std::isfinite(made) ? made * made - given * given : made;
  }
  std::vector<std::string> sorted = labels;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const std::string& a, const std::string& b) { return own[a] > own[b]; });
  return sorted;
}

TargetSearch search_target(const Model& original, const Convert& convert, const AccuracyTest& test,
                           double target) {
  TargetSearch best{convert({}), 0, 1};
  best.error = test.worst_error(best.conversion.model);
  if (best.error <= target) return best;
  const auto order =
      by_own_error(*original.graph, best.conversion.changed, test.measure(best.conversion.model));
  std::size_t too_few = 0, enough = order.size();
  const auto attempt = [&](std::size_t count) {
    std::map<std::string, std::string> kept;
    for (std::size_t i = 0; i < count; ++i) kept.emplace(order[i], "it adds to the error of the outputs");
    TargetSearch made{convert(kept), 0, best.runs + 1};
    made.error = test.worst_error(made.conversion.model);
    return made;
  };
  int runs = 1;
  bool found = false;
  while (too_few + 1 < enough || !found) {
    const std::size_t middle = too_few + 1 < enough ? too_few + (enough - too_few) / 2 : enough;
    TargetSearch made = attempt(middle);
    ++runs;
    const bool is_last = middle == enough;
    if (made.error <= target || is_last) {
      enough = middle;
      best = std::move(made);
      found = true;
    } else {
      too_few = middle;
    }
    best.runs = runs;
  }
  return best;
}

}  // namespace lapidary
