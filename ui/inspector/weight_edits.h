#pragma once

#include <optional>

#include "ui/document/document.h"

class QWidget;

namespace lapidary::ui {

/// The weight of that name that is seen from what is selected, in its graph or in one around it.
std::optional<Element> weight_seen(const Document& document, const std::string& name);

/// Sets one number of the weight, by its position among the elements.
bool set_weight_number(Document& document, const Element& weight, std::int64_t position,
                       const QString& typed);
/// Takes the weight's data from a file; `entry` says which, where it holds several.
bool replace_weight_from(Document& document, const Element& weight, const QString& path,
                         const QString& entry = {});
/// Asks for the file, and for the entry where none has the weight's name.
void ask_to_replace_weight(Document& document, const Element& weight, QWidget* parent);

}  // namespace lapidary::ui
