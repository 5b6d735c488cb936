#pragma once

#include "ui/document/document.h"

namespace lapidary::ui {

/// Puts what the elements stand for on the clipboard: as text for other programs, and, once a job has cut it
/// out, as a part of a model with its weights that paste_part() takes, also into another model.
void copy_part(Document& document, const std::vector<Element>& elements, const QString& text);
/// Puts the part on the clipboard into the graph of what is selected, else into the main graph. False where
/// there is none, or where editError() says why it does not fit.
bool paste_part(Document& document);

}  // namespace lapidary::ui
