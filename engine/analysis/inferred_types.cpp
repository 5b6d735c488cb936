#include "engine/analysis/inferred_types.h"

namespace lapidary {

const ValueFacts* InferredTypes::GraphFacts::find(std::string_view name) const {
  if (const auto found = values->find(name); found != values->end()) return &found->second;
  if (!before_edits) return nullptr;
  const auto found = before_edits->find(name);
  return found == before_edits->end() ? nullptr : &found->second;
}

const ValueFacts* InferredTypes::find(const Graph* graph, std::string_view value) const {
  for (const Graph* scope = graph ? graph : main_; scope;) {
    const auto facts = graphs_.find(scope);
    if (facts == graphs_.end()) return nullptr;
    if (const ValueFacts* found = facts->second.find(value)) return found;
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
  if (function_bodies_.empty()) return nullptr;
  const auto found = function_bodies_.find({graph ? graph : main_, &node});
  return found == function_bodies_.end() ? nullptr : found->second;
}

}  // namespace lapidary
