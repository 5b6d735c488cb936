#include "engine/analysis/model_names.h"

#include "engine/analysis/every_node.h"

namespace lapidary {

std::string ModelNames::fresh(const std::string& base) {
  if (model_) collect();
  std::string name = base;
  for (int i = 2; !taken_.insert(name).second; ++i) name = base + "_" + std::to_string(i);
  return name;
}

void ModelNames::collect() {
  for_each_graph(*model_, [this](const Graph& graph) {
    for (const auto& value : graph.inputs) taken_.insert(value.name);
    for (const auto& value : graph.outputs) taken_.insert(value.name);
    for (const auto& tensor : graph.initializers) taken_.insert(tensor->name);
    for (const auto& tensor : graph.sparse_initializers) taken_.insert(tensor->name);
  });
  for_each_node(*model_, [this](const Node& node, const Function*) {
    taken_.insert(node.name);
    taken_.insert(node.inputs.begin(), node.inputs.end());
    taken_.insert(node.outputs.begin(), node.outputs.end());
  });
  for (const auto& function : model_->functions) {
    taken_.insert(function->inputs.begin(), function->inputs.end());
    taken_.insert(function->outputs.begin(), function->outputs.end());
  }
  model_ = nullptr;
}

}  // namespace lapidary
