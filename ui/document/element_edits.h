#pragma once

#include <vector>

#include "ui/document/document.h"

namespace lapidary::ui {

/// How edits of the engine name the graph that the element lies in: [] for the main graph.
EditJson graph_of(const Document& document, const Element& element);
/// Says in the step which graph it is about, where it is not the main one.
void add_graph(EditStep& step, const Document& document, const Element& element);
/// What the elements stand for, as edits of the engine name nodes; all are nodes of the first one's graph.
EditJson addresses_of(const Document& document, const std::vector<Element>& elements);

/// The nodes of the operators that are selected, in the graph of what was selected last.
std::vector<Element> nodes_alike(const Document& document);

/// Where a node is to come that reads nothing yet.
struct AddingPlace {
  const Graph* graph = nullptr;  ///< nullptr: the main graph
  int group = 0;                 ///< of the hierarchy, whose scope the node's name begins with
};
/// Adds a node that is connected as those parameters of the edit say, else with nothing; gives its name,
/// empty where it could not be.
std::string add_operator(Document& document, const AddingPlace& place, const std::string& op_type,
                         const std::string& domain, const EditJson& connections = EditJson::object());

/// Deletes what the elements stand for, and connects the ends; selects nothing.
void delete_nodes(Document& document, const std::vector<Element>& elements);
void duplicate_nodes(Document& document, const std::vector<Element>& elements);
/// The value that an operator is inserted behind where the element is selected: itself, or a node's first
/// output; empty if there is none.
std::string value_behind(const Document& document, const Element& element);
/// Inserts an operator behind a value, before all that read it.
bool insert_operator(Document& document, const Element& behind, const std::string& op_type,
                     const std::string& domain);

}  // namespace lapidary::ui
