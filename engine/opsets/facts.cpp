#include "engine/opsets/facts.h"

#include <algorithm>
#include <unordered_set>

#include "engine/model/edit.h"
#include "engine/model/names.h"

namespace lapidary {
namespace {

/// The model without initializers that an input of the same name may override: they are no constants. (Before
/// IR version 4 every initializer had to be listed as an input.)
ModelPointer without_overridable(const ModelPointer& model) {
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

/// What both types say.
Type merged(const Type& a, const Type& b) {
  if (constraint_text(a) != constraint_text(b)) return {};
  Type type = a;
  if (!a.shape || !b.shape || a.shape->size() != b.shape->size()) {
    type.shape.reset();
    return type;
  }
  for (std::size_t axis = 0; axis < a.shape->size(); ++axis)
    if (!((*a.shape)[axis] == (*b.shape)[axis])) (*type.shape)[axis] = Dimension::unknown();
  return type;
}

}  // namespace

const InferredTypes& Facts::types() const {
  if (types_) return *types_;
  const ModelPointer inferred = without_overridable(model_);
  main_ = inferred->graph;
  types_ = infer_types(*inferred);
  collect_calls(*main_);
  return *types_;
}

void Facts::collect_calls(const Graph& graph) const {
  if (model_->functions.empty()) return;
  for (const auto& node : graph.nodes) {
    for (const auto& [attribute, body] : subgraphs_of(*node)) collect_calls(*body);
    const Function* function = model_->find_function(*node);
    const GraphPointer body = function ? types_->function_body(&graph, *node) : nullptr;
    if (!body) continue;
    auto& bodies = bodies_[function];
    if (std::find(bodies.begin(), bodies.end(), body.get()) != bodies.end()) continue;
    bodies.push_back(body.get());
    collect_calls(*body);
  }
}

std::vector<const Graph*> Facts::graphs_of(const Function* function) const {
  types();
  if (!function) return {main_.get()};
  const auto found = bodies_.find(function);
  return found == bodies_.end() ? std::vector<const Graph*>() : found->second;
}

Type Facts::type(const Place& place, std::string_view value) const {
  const auto& graphs = place.graphs();
  Type type;
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    const Type& here = types().type_in(graphs[i], value);
    type = i == 0 ? here : merged(type, here);
  }
  return type;
}

const Tensor* Facts::constant(const Place& place, std::string_view value) const {
  const Tensor* common = nullptr;
  for (const Graph* graph : place.graphs()) {
    const Tensor* here = types().constant_in(graph, value);
    if (!here || (common && !identical(*common, *here))) return nullptr;
    common = here;
  }
  return common;
}

const std::vector<const Graph*>& Place::graphs() const {
  if (graphs_) return *graphs_;
  if (!outer_) return graphs_.emplace(facts_.graphs_of(function_));
  graphs_.emplace();
  for (const Graph* around : outer_->graphs()) {
    const Attribute* attribute = around->nodes[position_]->find_attribute(attribute_);
    if (!attribute) continue;
    if (const auto* body = std::get_if<GraphPointer>(&attribute->value)) graphs_->push_back(body->get());
    if (const auto* bodies = std::get_if<std::vector<GraphPointer>>(&attribute->value))
      graphs_->push_back(bodies->at(index_).get());
  }
  return *graphs_;
}

}  // namespace lapidary
