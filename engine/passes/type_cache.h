#pragma once

#include <unordered_map>

#include "engine/analysis/inferred_types.h"

namespace lapidary {

/// The types of a model while passes change it, inferred when first asked for. A value that keeps its name
/// keeps its type and contents, so what was inferred stays true for the models that follow; values that came
/// since are unknown until refresh().
class TypeCache {
 public:
  /// What is known of a value of `graph` (nullptr: the main graph) of `model`; nullptr if nothing is.
  const ValueFacts* find(const ModelPointer& model, const Graph* graph, std::string_view value);
  /// Says that `after` came from `before` by a pass.
  void follow(const ModelPointer& before, ModelPointer after);
  /// The same for a graph inside a node.
  void follow(const Graph* before, GraphPointer after);
  /// Lets the next question infer again if the model is another one since.
  void refresh();

 private:
  void infer(const ModelPointer& model);

  ModelPointer inferred_, current_;  ///< the model that was inferred, and what became of it
  InferredTypes types_;
  struct Origin {
    GraphPointer kept;
    const Graph* graph;
  };
  std::unordered_map<const Graph*, Origin> origins_;  ///< of graphs that were not inferred themselves
};

}  // namespace lapidary
