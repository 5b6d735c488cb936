#pragma once

#include <QString>

#include "ui/document/document.h"

class QMenu;

namespace lapidary::ui {

/// The shape of a value, or of a node's first output, as a Python tuple; empty where it is not known.
QString shape_tuple(const Document& document, const Element& element);
/// Copy name and, where it is known, copy shape.
void add_copy_entries(QMenu& menu, const Document& document, const Element& element);
/// What can be done with an element in any view: show it in the graph, open or close it there, copy.
void add_element_entries(QMenu& menu, Document& document, const Element& element);

}  // namespace lapidary::ui
