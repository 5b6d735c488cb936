// What a document knows of the elements that its views show.
#include <algorithm>

#include "ui/document/document.h"
#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

/// True if the operator was executed for this node of a nested graph: there operators know labels alone.
bool standsFor(const OperatorTime& time, const Node& node) {
  return time.nodes.empty() && time.node == node.label() && time.op.find(node.op_type) != std::string::npos;
}

/// Positions of the graph's nodes that meet the condition.
template <class Condition>
int position_if(const Graph& graph, Condition meets) {
  int position = 0;
  for (const auto& node : graph.nodes) {
    if (meets(*node)) return position;
    ++position;
  }
  return -1;
}

}  // namespace

const Node* Document::nodeOf(const Element& element) const {
  if (element.kind != Element::Kind::Node || !model()) return nullptr;
  if (element.graph && !(nested_ && nested_->find(element.graph))) return nullptr;
  const Graph& graph = element.graph ? *element.graph : *model()->graph;
  const auto index = static_cast<std::size_t>(element.index);
  return index < graph.nodes.size() ? graph.nodes[index].get() : nullptr;
}

QString Document::nameOf(const Element& element) const {
  switch (element.kind) {
    case Element::Kind::Node:
      if (const Node* node = nodeOf(element)) return text(node->label());
      return {};
    case Element::Kind::Group:
      return text(hierarchy_->groups[static_cast<std::size_t>(element.index)].path);
    case Element::Kind::Value:
      return text(element.value);
  }
  return {};
}

std::vector<int> Document::nodesOf(const Element& element) const {
  std::vector<int> nodes;
  if (!hierarchy_) return nodes;
  if (element.graph) {
    const NestedGraph* place = nested_ ? nested_->find(element.graph) : nullptr;
    if (place) nodes.push_back(place->main_node);
    return nodes;
  }
  if (element.kind == Element::Kind::Node) nodes.push_back(element.index);
  if (element.kind == Element::Kind::Value) {
    const int producer = producerOf(element);
    if (producer >= 0) nodes.push_back(producer);
  }
  if (element.kind == Element::Kind::Group) {
    std::vector<int> open{element.index};
    while (!open.empty()) {
      const Group& group = hierarchy_->groups[static_cast<std::size_t>(open.back())];
      open.pop_back();
      nodes.insert(nodes.end(), group.nodes.begin(), group.nodes.end());
      open.insert(open.end(), group.children.begin(), group.children.end());
    }
    std::sort(nodes.begin(), nodes.end());
  }
  return nodes;
}

int Document::groupOf(const Element& element) const {
  if (!hierarchy_) return 0;
  if (element.kind == Element::Kind::Group)
    return std::max(0, hierarchy_->groups[static_cast<std::size_t>(element.index)].parent);
  const std::vector<int> nodes = nodesOf(element);
  return nodes.empty() ? 0 : hierarchy_->group_of_node[static_cast<std::size_t>(nodes.front())];
}

int Document::producerOf(const Element& value) const {
  if (!value.graph) return index_ ? index_->producer(value.value).node : -1;
  if (!nested_ || !nested_->find(value.graph)) return -1;
  return position_if(*value.graph, [&](const Node& node) {
    return std::find(node.outputs.begin(), node.outputs.end(), value.value) != node.outputs.end();
  });
}

std::vector<int> Document::readersOf(const Element& value) const {
  std::vector<int> readers;
  if (!value.graph && index_)
    for (const GraphIndex::Use& use : index_->consumers(value.value)) readers.push_back(use.node);
  if (!value.graph || !nested_ || !nested_->find(value.graph)) return readers;
  int position = 0;
  for (const auto& node : value.graph->nodes) {
    if (std::find(node->inputs.begin(), node->inputs.end(), value.value) != node->inputs.end())
      readers.push_back(position);
    ++position;
  }
  return readers;
}

std::optional<Element> Document::nodeNamed(const std::string& label) const {
  if (!model() || label.empty()) return std::nullopt;
  const auto isMeant = [&](const Node& node) { return node.label() == label; };
  if (const int node = position_if(*model()->graph, isMeant); node >= 0) return Element::node(node);
  if (!nested_) return std::nullopt;
  for (const NestedGraph& place : nested_->all())
    if (const int node = position_if(*place.graph, isMeant); node >= 0)
      return Element::node(node, place.graph);
  return std::nullopt;
}

const OperatorTime* Document::timeOf(const Element& element) const {
  const Node* node = nodeOf(element);
  if (!result_ || !node) return nullptr;
  for (const OperatorTime& time : result_->summary.operators) {
    const auto& nodes = time.nodes;
    if (element.graph ? standsFor(time, *node)
                      : std::find(nodes.begin(), nodes.end(), element.index) != nodes.end())
      return &time;
  }
  return nullptr;
}

std::vector<Element> Document::elementsOf(const OperatorTime& time) const {
  std::vector<Element> elements;
  for (const int node : time.nodes) elements.push_back(Element::node(node));
  if (!elements.empty() || !nested_) return elements;
  for (const NestedGraph& place : nested_->all()) {
    const int node =
        position_if(*place.graph, [&](const Node& candidate) { return standsFor(time, candidate); });
    if (node >= 0) elements.push_back(Element::node(node, place.graph));
  }
  return elements;
}

double Document::millisecondsOf(const Element& element) const {
  if (element.graph) {
    const OperatorTime* time = timeOf(element);
    return time ? time->total_ms : 0;
  }
  double sum = 0;
  for (const int node : nodesOf(element)) sum += heat_->valueAt(node);
  return sum;
}

std::optional<NodeCost> Document::costOf(const Element& element) const {
  const Node* node = nodeOf(element);
  if (!cost_ || !node) return std::nullopt;
  if (element.graph) return cost_of_node(*model(), element.graph, *node, *types_);
  return cost_->nodes[static_cast<std::size_t>(element.index)];
}

}  // namespace lapidary::ui
