#include "engine/passes/type_cache.h"

#include <algorithm>
#include <unordered_set>

#include "engine/model/edit.h"

namespace lapidary {
namespace {

/// The model without the initializers that only stand in for an input which may be given: what follows from
/// their contents need not hold. Before IR version 4 every initializer had to be listed as an input.
ModelPointer without_defaults(const ModelPointer& model) {
  if (model->ir_version < 4) return model;
  std::unordered_set<std::string_view> inputs;
  for (const auto& input : model->graph->inputs) inputs.insert(input.name);
  auto initializers = model->graph->initializers.to_vector();
  if (std::erase_if(initializers, [&](const auto& tensor) { return inputs.contains(tensor->name); }) == 0)
    return model;
  Graph graph = *model->graph;
  graph.initializers = PersistentVector(std::move(initializers));
  return with_graph(*model, std::move(graph));
}

}  // namespace

const ValueFacts* TypeCache::find(const ModelPointer& model, const Graph* graph, std::string_view value) {
  if (model != current_) infer(model);
  if (graph == model->graph.get()) graph = nullptr;
  const auto origin = origins_.find(graph);
  return types_.find(origin == origins_.end() ? graph : origin->second.graph, value);
}

void TypeCache::follow(const ModelPointer& before, ModelPointer after) {
  if (before == current_) current_ = std::move(after);
}

void TypeCache::follow(const Graph* before, GraphPointer after) {
  if (!inferred_) return;
  const auto origin = origins_.find(before);
  const Graph* first = origin == origins_.end() ? before : origin->second.graph;
  const Graph* key = after.get();
  origins_[key] = {std::move(after), first};
}

void TypeCache::refresh() {
  if (current_ != inferred_) current_ = nullptr;
}

void TypeCache::infer(const ModelPointer& model) {
  origins_.clear();
  inferred_ = current_ = model;
  types_ = infer_types(*without_defaults(model));
}

}  // namespace lapidary
