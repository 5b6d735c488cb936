#include "engine/compare/section.h"

#include <algorithm>

#include "engine/model/edit.h"
#include "engine/model/error.h"
#include "engine/model/names.h"
#include "engine/model/nodes.h"

namespace lapidary {
namespace {

/// The model with each input that has an initializer made a plain input, if it is given, or a weight.
ModelPointer with_inputs_decided(const ModelPointer& model, const std::unordered_set<std::string>& given) {
  const GraphIndex index(*model->graph);
  Graph graph = *model->graph;
  std::erase_if(graph.inputs, [&](const Value& input) {
    return index.initializer(input.name) && !given.contains(input.name);
  });
  if (graph.inputs.size() == model->graph->inputs.size() &&
      std::none_of(graph.inputs.begin(), graph.inputs.end(),
                   [&](const Value& input) { return index.initializer(input.name); }))
    return model;
  std::vector<std::shared_ptr<const NamedTensor>> weights;
  for (const auto& weight : model->graph->initializers)
    if (!given.contains(weight->name)) weights.push_back(weight);
  graph.initializers = PersistentVector<std::shared_ptr<const NamedTensor>>(std::move(weights));
  return with_graph(*model, std::move(graph));
}

Type type_of(const Datum& datum) {
  if (datum.is_tensor()) return datum.tensor().full_type();
  if (!datum.is_sequence()) return {};
  const Sequence& elements = datum.sequence();
  if (elements.empty()) return Type::sequence(Type());
  Type element = type_of(elements.front());
  element.shape.reset();  // the elements of a sequence may have sizes of their own
  return Type::sequence(element);
}

}  // namespace

std::unordered_set<std::string> names_of(const Values& values) {
  std::unordered_set<std::string> names;
  for (const auto& [name, value] : values)
    if (value.is_present()) names.insert(name);
  return names;
}

SectionedGraph::SectionedGraph(const ModelPointer& model, const std::unordered_set<std::string>& given)
    : model_(with_inputs_decided(model, given)),
      nodes_(model_->graph->nodes.to_vector()),
      index_(*model_->graph),
      rank_(nodes_.size(), -1) {
  for (int rank = 0; const int position : index_.topological_order())
    rank_[static_cast<std::size_t>(position)] = rank++;
  for (const auto& weight : model_->graph->initializers) weights_.emplace(weight->name, weight);
  for (std::size_t position = 0; position < nodes_.size(); ++position)
    for_each_read(*nodes_[position], [&](const std::string& value) {
      if (!value.empty()) readers_[value].push_back(static_cast<int>(position));
    });
}

const std::vector<int>& SectionedGraph::readers(const std::string& value) const {
  static const std::vector<int> none;
  const auto found = readers_.find(value);
  return found == readers_.end() ? none : found->second;
}

bool SectionedGraph::is_weight(std::string_view value) const {
  if (weights_.contains(value)) return true;
  if (const int maker = index_.producer(value).node; maker >= 0) return is_standard(node(maker), "Constant");
  return std::any_of(model_->graph->sparse_initializers.begin(), model_->graph->sparse_initializers.end(),
                     [&](const auto& sparse) { return sparse->name == value; });
}

const Tensor* SectionedGraph::weight(std::string_view value) const {
  if (const auto found = weights_.find(value); found != weights_.end()) return &found->second->tensor;
  const int maker = index_.producer(value).node;
  if (maker < 0 || !is_standard(node(maker), "Constant")) return nullptr;
  const Attribute* held = node(maker).find_attribute("value");
  const auto* tensor = held ? std::get_if<std::shared_ptr<const NamedTensor>>(&held->value) : nullptr;
  return tensor && *tensor ? &(*tensor)->tensor : nullptr;
}

Section SectionedGraph::section(const std::vector<std::string>& outputs,
                                const std::function<bool(const std::string&)>& is_known) const {
  Section section{{}, {}, outputs};
  std::unordered_set<std::string> seen;
  std::unordered_set<int> taken;
  std::vector<int> open;
  const auto take = [&](const std::string& value) {
    const int maker = index_.producer(value).node;
    if (maker >= 0 && taken.insert(maker).second) open.push_back(maker);
  };
  for (const auto& output : outputs) take(output);
  while (!open.empty()) {
    const int position = open.back();
    open.pop_back();
    section.nodes.push_back(position);
    for_each_read(node(position), [&](const std::string& value) {
      if (value.empty() || !seen.insert(value).second) return;
      const bool is_made_here = index_.producer(value).node >= 0 && (is_weight(value) || !is_known(value));
      if (is_made_here)
        take(value);
      else if (!is_weight(value))
        section.inputs.push_back(value);
    });
  }
  std::sort(section.nodes.begin(), section.nodes.end(), [&](int a, int b) {
    return rank_[static_cast<std::size_t>(a)] < rank_[static_cast<std::size_t>(b)];
  });
  // What a node of the section makes by the way need not be given.
  std::unordered_set<std::string> made;
  for (const int position : section.nodes)
    made.insert(node(position).outputs.begin(), node(position).outputs.end());
  std::erase_if(section.inputs, [&](const std::string& value) { return made.contains(value); });
  return section;
}

ModelPointer SectionedGraph::model_of(const Section& section, const Values& values) const {
  Graph part = *model_->graph;
  part.value_infos = {};
  part.quantization_annotations.clear();
  part.inputs.clear();
  part.outputs.clear();
  for (const auto& name : section.inputs) {
    const auto value = values.find(name);
    if (value == values.end() || !value->second.is_present())
      throw Error("no run made this value, which is needed to run a part of the model").tensor(name);
    part.inputs.emplace_back().name = name;
    part.inputs.back().type = type_of(value->second);
  }
  for (const auto& name : section.outputs) part.outputs.emplace_back().name = name;
  std::vector<std::shared_ptr<const Node>> nodes;
  std::unordered_set<std::string> read(section.outputs.begin(), section.outputs.end());
  for (const int position : section.nodes) {
    nodes.push_back(nodes_[static_cast<std::size_t>(position)]);
    for_each_read(*nodes.back(), [&](const std::string& value) { read.insert(value); });
  }
  std::vector<std::shared_ptr<const NamedTensor>> weights;
  for (const auto& name : read)
    if (const auto found = weights_.find(name); found != weights_.end()) weights.push_back(found->second);
  std::sort(weights.begin(), weights.end(), [](const auto& a, const auto& b) { return a->name < b->name; });
  part.nodes = PersistentVector<std::shared_ptr<const Node>>(std::move(nodes));
  part.initializers = PersistentVector<std::shared_ptr<const NamedTensor>>(std::move(weights));
  std::erase_if(part.sparse_initializers, [&](const auto& sparse) { return !read.contains(sparse->name); });
  return with_graph(*model_, std::move(part));
}

}  // namespace lapidary
