#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/analysis/inferred_types.h"

namespace lapidary {

class Place;

/// What inference knows of the values of one model; it is asked when the first question comes.
class Facts {
 public:
  explicit Facts(ModelPointer model) : model_(std::move(model)) {}
  Facts(const Facts&) = delete;

  /// Kind::Unknown if it is not known; of a function's body what is true in all calls.
  Type type(const Place& place, std::string_view value) const;
  /// nullptr if it is no constant, or not known, or may be overridden by an input. Lives as long as the
  /// facts.
  const Tensor* constant(const Place& place, std::string_view value) const;
  /// The main graph, or the body of a function, once for each call.
  std::vector<const Graph*> graphs_of(const Function* function) const;

 private:
  const InferredTypes& types() const;
  void collect_calls(const Graph& graph) const;

  ModelPointer model_;
  mutable GraphPointer main_;  ///< the main graph as inference saw it
  mutable std::optional<InferredTypes> types_;
  mutable std::map<const Function*, std::vector<const Graph*>> bodies_;
};

/// Where a graph lies in a model: the main graph or a function's body, or a body of one of its nodes.
class Place {
 public:
  Place(const Facts& facts, const Function* function) : facts_(facts), function_(function) {}
  /// The graph in `attribute` of the node at `position` of `outer`; `index` is its place in a list of graphs.
  Place(const Place& outer, std::size_t position, std::string attribute, std::size_t index)
      : facts_(outer.facts_),
        outer_(&outer),
        position_(position),
        attribute_(std::move(attribute)),
        index_(index) {}

  /// The graph as inference walked it, once for each call of the function that it lies in.
  const std::vector<const Graph*>& graphs() const;
  /// True for a function's body, where constants are nodes.
  bool is_function_body() const { return function_ != nullptr; }

 private:
  const Facts& facts_;
  const Function* function_ = nullptr;
  const Place* outer_ = nullptr;
  std::size_t position_ = 0;
  std::string attribute_;
  std::size_t index_ = 0;
  mutable std::optional<std::vector<const Graph*>> graphs_;
};

}  // namespace lapidary
