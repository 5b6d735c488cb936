#pragma once

#include "ui/document/document.h"

class QMenu;

namespace lapidary::ui {

/// What can be made of a tensor, as far as it is not that already: an output or no longer one, an input of a
/// weight and back; and for inputs of the model a free batch size. Nothing for what lies in bodies of nodes.
void add_value_entries(QMenu& menu, Document& document, const Element& element);
/// Frees the first dimension of the model's inputs, and of what follows from them.
void free_batch(Document& document);

}  // namespace lapidary::ui
