#pragma once

#include <vector>

#include "ui/document/document.h"

namespace lapidary::ui {

/// How edits of the engine name the graph that the element lies in: [] for the main graph.
EditJson graph_of(const Document& document, const Element& element);
/// What the elements stand for, as edits of the engine name nodes; all are nodes of the first one's graph.
EditJson addresses_of(const Document& document, const std::vector<Element>& elements);

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
