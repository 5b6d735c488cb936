#include "engine/passes/graph_rewriter.h"

#include <algorithm>

#include "engine/model/edit.h"
#include "engine/model/graph_index.h"

namespace lapidary {

GraphRewriter::GraphRewriter(const ModelPointer& model)
    : model_(model),
      nodes_(model->graph->nodes.to_vector()),
      initializers_(model->graph->initializers.to_vector()) {
  for (const auto& input : model->graph->inputs) inputs_.insert(input.name);
  for (const auto& output : model->graph->outputs) outputs_.insert(output.name);
  for (std::size_t i = 0; i < initializers_.size(); ++i) initializer_positions_[initializers_[i]->name] = i;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    for (const auto& name : nodes_[i]->outputs)
      if (!name.empty()) producers_[name] = static_cast<int>(i);
  for (const auto& output : outputs_) ++uses_[output];
  for (std::size_t i = 0; i < nodes_.size(); ++i) count_reads(static_cast<int>(i), 1);
}

void GraphRewriter::count_reads(int position, int difference) {
  const Node& node = *nodes_[static_cast<std::size_t>(position)];
  for (const auto& name : node.inputs) {
    if (name.empty()) continue;
    uses_[name] += difference;
    if (difference > 0) readers_[name].push_back(position);
  }
  for (const auto& [attribute, body] : subgraphs_of(node))
    for (const auto& name : outer_names(*body)) {
      uses_[name] += difference;
      read_in_subgraphs_.insert(name);
    }
}

int GraphRewriter::producer(const std::string& value) const {
  const auto found = producers_.find(value);
  return found == producers_.end() ? -1 : found->second;
}

int GraphRewriter::use_count(const std::string& value) const {
  const auto found = uses_.find(value);
  return found == uses_.end() ? 0 : found->second;
}

const NamedTensor* GraphRewriter::constant(const std::string& value) const {
  const auto found = initializer_positions_.find(value);
  return found == initializer_positions_.end() || inputs_.contains(value)
             ? nullptr
             : initializers_[found->second].get();
}

void GraphRewriter::replace(std::size_t position, Node node) {
  erase(position);
  for (const auto& name : node.outputs)
    if (!name.empty()) producers_[name] = static_cast<int>(position);
  nodes_[position] = std::make_shared<const Node>(std::move(node));
  count_reads(static_cast<int>(position), 1);
}

void GraphRewriter::erase(std::size_t position) {
  for (const auto& name : nodes_[position]->outputs) producers_.erase(name);
  count_reads(static_cast<int>(position), -1);
  nodes_[position] = nullptr;
}

bool GraphRewriter::redirect(const std::string& from, const std::string& to) {
  if (is_output(from) || read_in_subgraphs_.contains(from)) return false;
  const auto readers = readers_[from];  // may hold nodes that read something else by now
  for (const int position : readers) {
    auto& node = nodes_[static_cast<std::size_t>(position)];
    if (!node || std::find(node->inputs.begin(), node->inputs.end(), from) == node->inputs.end()) continue;
    Node changed = *node;
    std::replace(changed.inputs.begin(), changed.inputs.end(), from, to);
    replace(static_cast<std::size_t>(position), std::move(changed));
  }
  return true;
}

void GraphRewriter::add_initializer(NamedTensor tensor) {
  initializer_positions_[tensor.name] = initializers_.size();
  initializers_.push_back(std::make_shared<const NamedTensor>(std::move(tensor)));
}

std::string GraphRewriter::fresh_name(const std::string& base) const {
  const auto taken = [&](const std::string& name) {
    return inputs_.contains(name) || producers_.contains(name) || initializer_positions_.contains(name) ||
           uses_.contains(name);
  };
  std::string name = base;
  for (int i = 2; taken(name); ++i) name = base + "_" + std::to_string(i);
  return name;
}

bool GraphRewriter::remove_unused() {
  bool any = false;
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {  // readers before producers
    if (!*node) continue;
    const bool needed =
        std::any_of((*node)->outputs.begin(), (*node)->outputs.end(),
                    [&](const std::string& name) { return !name.empty() && use_count(name) > 0; });
    if (needed) continue;
    mark_changed(**node);
    erase(static_cast<std::size_t>(nodes_.rend() - node - 1));
    any = true;
  }
  const auto unused = std::erase_if(initializers_, [&](const auto& tensor) {
    return use_count(tensor->name) == 0 && !inputs_.contains(tensor->name);
  });
  initializer_positions_.clear();
  for (std::size_t i = 0; i < initializers_.size(); ++i) initializer_positions_[initializers_[i]->name] = i;
  return any || unused > 0;
}

PassResult GraphRewriter::finish() {
  Graph graph = *model_->graph;
  std::vector<std::shared_ptr<const Node>> kept;
  for (const auto& node : nodes_)
    if (node) kept.push_back(node);
  graph.nodes = PersistentVector(std::move(kept));
  graph.initializers = PersistentVector(std::move(initializers_));
  auto infos = graph.value_infos.to_vector();
  std::erase_if(infos, [&](const Value& value) { return use_count(value.name) == 0; });
  if (infos.size() != graph.value_infos.size()) graph.value_infos = PersistentVector(std::move(infos));
  return {with_graph(*model_, std::move(graph)), std::move(changed_)};
}

}  // namespace lapidary
