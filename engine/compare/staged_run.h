#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/compare/section.h"
#include "engine/runtime/backend.h"

namespace lapidary {

/// What runs a model: a backend, in its model's types or in float64.
struct Runner {
  const Backend* backend = nullptr;
  int threads = 0;
  bool float64 = false;
  std::uint64_t seed = 0;
  CancelToken cancel;

  bool runs_alike(const Runner& other) const {
    return backend == other.backend && float64 == other.float64 && threads == other.threads;
  }
  /// Runs a section of a graph on these values. Throws Error.
  Values run(const SectionedGraph& graph, const Section& section, const Values& values) const;
};

/// A run of a whole graph that stops where it is asked to: each call of make() goes on from the values that
/// are there, and keeps what it makes. Values live until they are released.
class StagedRun {
 public:
  /// `inputs` by name: all that the graph needs.
  StagedRun(const SectionedGraph& graph, Runner runner, Values inputs);

  /// Runs all nodes that these values depend on and that did not run yet. Throws Error.
  void make(const std::vector<std::string>& wanted);
  /// Values that are here now.
  const Values& values() const { return values_; }
  /// Forgets values for which `is_needed` does not hold, and which no node that is still to run reads.
  void release(const std::function<bool(const std::string&)>& is_needed);

 private:
  const SectionedGraph& graph_;
  Runner runner_;
  Values values_;
  std::vector<bool> done_;  ///< by position: nodes that ran
};

}  // namespace lapidary
