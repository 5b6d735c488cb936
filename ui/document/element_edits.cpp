#include "ui/document/element_edits.h"

#include <algorithm>

#include "engine/edit/address.h"
#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

const Graph& graphAround(const Document& document, const Element& element) {
  return element.graph ? *element.graph : *document.model()->graph;
}

/// "Delete Relu", "Delete 3 nodes".
QString named(const Document& document, const EditJson& nodes, const std::vector<Element>& elements,
              const QString& one, const QString& several) {
  const Node* node = document.nodeOf(elements.back());
  return nodes.size() == 1 && node ? one.arg(text(node->op_type)) : several.arg(nodes.size());
}

EditStep onNodes(const char* edit, const Document& document, const std::vector<Element>& elements) {
  EditStep step{edit};
  step.parameters["nodes"] = addresses_of(document, elements);
  if (EditJson graph = graph_of(document, elements.front()); !graph.empty())
    step.parameters["graph"] = std::move(graph);
  return step;
}

}  // namespace

EditJson graph_of(const Document& document, const Element& element) {
  GraphPath path;
  for (const NestedGraph* place = document.nested() ? document.nested()->find(element.graph) : nullptr; place;
       place = document.nested()->find(place->around)) {
    const Graph& around = place->around ? *place->around : *document.model()->graph;
    // "12/then_branch/": the last word is the attribute that holds the graph.
    const QString attribute = text(place->prefix).section(QLatin1Char('/'), -2, -2);
    path.steps.insert(path.steps.begin(),
                      {address_of(around, static_cast<std::size_t>(place->node)), attribute.toStdString()});
  }
  return path.steps.empty() ? EditJson::array() : to_json(path);
}

EditJson addresses_of(const Document& document, const std::vector<Element>& elements) {
  EditJson nodes = EditJson::array();
  if (elements.empty()) return nodes;
  const Graph* graph = elements.front().graph;
  const auto add = [&](int node) {
    EditJson address =
        to_json(address_of(graphAround(document, elements.front()), static_cast<std::size_t>(node)));
    if (std::find(nodes.begin(), nodes.end(), address) == nodes.end()) nodes.push_back(std::move(address));
  };
  for (const Element& element : elements) {
    if (element.graph != graph || element.kind == Element::Kind::Value) continue;
    if (element.kind == Element::Kind::Node) add(element.index);
    if (element.kind == Element::Kind::Group)
      for (const int node : document.nodesOf(element)) add(node);
  }
  return nodes;
}

void delete_nodes(Document& document, const std::vector<Element>& elements) {
  const EditJson nodes = addresses_of(document, elements);
  if (nodes.empty()) return;
  document.edit(onNodes("delete_nodes", document, elements),
                named(document, nodes, elements, Document::tr("Delete %1"), Document::tr("Delete %1 nodes")));
}

void duplicate_nodes(Document& document, const std::vector<Element>& elements) {
  const EditJson nodes = addresses_of(document, elements);
  if (nodes.empty()) return;
  document.edit(
      onNodes("duplicate_nodes", document, elements),
      named(document, nodes, elements, Document::tr("Duplicate %1"), Document::tr("Duplicate %1 nodes")));
}

std::string value_behind(const Document& document, const Element& element) {
  if (element.kind == Element::Kind::Value) return element.value;
  const Node* node = document.nodeOf(element);
  return node && !node->outputs.empty() ? node->outputs.front() : std::string();
}

bool insert_operator(Document& document, const Element& behind, const std::string& op_type,
                     const std::string& domain) {
  EditStep step{"insert_node"};
  step.parameters["tensor"] = value_behind(document, behind);
  step.parameters["op_type"] = op_type;
  if (!domain.empty()) step.parameters["domain"] = domain;
  if (EditJson graph = graph_of(document, behind); !graph.empty())
    step.parameters["graph"] = std::move(graph);
  return document.edit(step, Document::tr("Insert %1").arg(text(op_type)));
}

}  // namespace lapidary::ui
