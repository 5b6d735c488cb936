#include "engine/analysis/inferred_types.h"

namespace lapidary {

const ValueFacts* InferredTypes::find(const Graph* graph, std::string_view value) const {
  for (const Graph* scope = graph ? graph : main_; scope;) {
    const auto facts = graphs_.find(scope);
    if (facts == graphs_.end()) return nullptr;
    const auto found = facts->second.values.find(value);
    if (found != facts->second.values.end()) return &found->second;
    scope = facts->second.outer;
  }
  return nullptr;
}

const Type& InferredTypes::type_in(const Graph* graph, std::string_view value) const {
  static const Type unknown;
  const ValueFacts* facts = find(graph, value);
  return facts ? facts->type : unknown;
}

const Tensor* InferredTypes::constant_in(const Graph* graph, std::string_view value) const {
  const ValueFacts* facts = find(graph, value);
  return facts && facts->constant.is_present() ? &facts->constant : nullptr;
}

GraphPointer InferredTypes::function_body(const Graph* graph, const Node& node) const {
  const auto found = function_bodies_.find({graph ? graph : main_, &node});
  return found == function_bodies_.end() ? nullptr : found->second;
}

}  // namespace lapidary
