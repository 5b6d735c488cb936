#include "ui/document/element_edits.h"

#include <algorithm>
#include <set>

#include "engine/edit/node_addresses.h"
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
  add_graph(step, document, elements.front());
  return step;
}

/// "Relu" in no group, else such as "/layers/layers.0/Relu", with a number where a node is called so.
std::string nameIn(const Document& document, const AddingPlace& place, const std::string& op_type) {
  std::string scope;
  if (place.group > 0 && !place.graph) {
    const std::string& path = document.hierarchy()->groups[static_cast<std::size_t>(place.group)].path;
    const std::vector<int> inside = document.nodesOf(Element::group(place.group));
    const std::string& sibling =
        inside.empty() ? path
                       : document.model()->graph->nodes[static_cast<std::size_t>(inside.front())]->name;
    if (const std::size_t at = sibling.find(path); at != std::string::npos)
      scope = sibling.substr(0, at + path.size()) + "/";
  }
  std::string name = scope + op_type;
  for (int number = 2; document.nodeNamed(name); ++number)
    name = scope + op_type + "_" + std::to_string(number);
  return name;
}

}  // namespace

EditJson graph_of(const Document& document, const Element& element) {
  GraphPath path;
  for (const NestedGraph* place = document.nested() ? document.nested()->find(element.graph) : nullptr; place;
       place = document.nested()->find(place->around)) {
    const Graph& around = place->around ? *place->around : *document.model()->graph;
    const Node& node = *around.nodes[static_cast<std::size_t>(place->node)];
    if (const Function* called = document.model()->find_function(node)) {
      // All calls share the function's body.
      path.function = GraphPath::FunctionKey{called->name, called->domain, called->overload};
      break;
    }
    // "12/then_branch/": the last word is the attribute that holds the graph.
    const QString attribute = text(place->prefix).section(QLatin1Char('/'), -2, -2);
    path.steps.insert(path.steps.begin(),
                      {address_of(around, static_cast<std::size_t>(place->node)), attribute.toStdString()});
  }
  return path.steps.empty() && !path.function ? EditJson::array() : to_json(path);
}

void add_graph(EditStep& step, const Document& document, const Element& element) {
  if (EditJson graph = graph_of(document, element); !graph.empty())
    step.parameters["graph"] = std::move(graph);
}

EditJson addresses_of(const Document& document, const std::vector<Element>& elements) {
  EditJson nodes = EditJson::array();
  if (elements.empty()) return nodes;
  const Graph* graph = elements.front().graph;
  std::vector<int> positions;
  std::set<int> known;
  const auto add = [&](int node) {
    if (known.insert(node).second) positions.push_back(node);
  };
  for (const Element& element : elements) {
    if (element.graph != graph || element.kind == Element::Kind::Value) continue;
    if (element.kind == Element::Kind::Node) add(element.index);
    if (element.kind == Element::Kind::Group)
      for (const int node : document.nodesOf(element)) add(node);
  }
  const Graph& around = graphAround(document, elements.front());
  if (positions.size() == 1)
    return EditJson::array({to_json(address_of(around, static_cast<std::size_t>(positions.front())))});
  const NodeAddresses addresses(around);
  for (const int node : positions) nodes.push_back(to_json(addresses.of(static_cast<std::size_t>(node))));
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
  add_graph(step, document, behind);
  return document.edit(step, Document::tr("Insert %1").arg(text(op_type)));
}

std::vector<Element> nodes_alike(const Document& document) {
  std::vector<Element> alike;
  const Element* current = document.selection()->current();
  if (!current) return alike;
  std::set<std::pair<std::string, std::string>> types;
  for (const Element& element : document.selection()->elements())
    if (const Node* node = document.nodeOf(element); node && element.graph == current->graph)
      types.emplace(node->domain, node->op_type);
  for (int position = 0; const auto& node : graphAround(document, *current).nodes) {
    if (types.contains({node->domain, node->op_type}))
      alike.push_back(Element::node(position, current->graph));
    ++position;
  }
  return alike;
}

std::string add_operator(Document& document, const AddingPlace& place, const std::string& op_type,
                         const std::string& domain, const EditJson& connections) {
  EditStep step{"add_node", connections};
  step.parameters["op_type"] = op_type;
  if (!domain.empty()) step.parameters["domain"] = domain;
  const std::string name = nameIn(document, place, op_type);
  step.parameters["name"] = name;
  add_graph(step, document, Element::node(-1, place.graph));
  return document.edit(step, Document::tr("Add %1").arg(text(op_type))) ? name : std::string();
}

}  // namespace lapidary::ui
