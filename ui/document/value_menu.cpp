#include "ui/document/value_menu.h"

#include <QMenu>
#include <algorithm>

#include "engine/edit/names.h"
#include "ui/document/element_edits.h"
#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

void add(QMenu& menu, Document& document, const QString& title, EditStep step, const QString& name) {
  menu.addAction(title, &document, [&document, step = std::move(step), name] { document.edit(step, name); });
}

}  // namespace

void free_batch(Document& document) {
  EditStep step{"set_batch_size"};
  step.parameters["value"] = "N";
  document.edit(step, Document::tr("Make Batch Dynamic"));
}

void add_value_entries(QMenu& menu, Document& document, const Element& element) {
  const std::string value = value_behind(document, element);
  // What goes into bodies of nodes and comes out of them, their operators say.
  if (value.empty() || element.graph || !document.model() || !document.canEdit()) return;
  const Graph& graph = *document.model()->graph;
  const auto step = [&](const char* edit) { return EditStep{edit, {{"tensor", value}}}; };
  const QString name = text(value);
  if (is_output(graph, value))
    add(menu, document, Document::tr("Remove Output"), step("remove_output"),
        Document::tr("Remove Output %1").arg(name));
  else
    add(menu, document, Document::tr("Make This an Output"), step("add_output"),
        Document::tr("Make %1 an Output").arg(name));
  const auto weight = initializer_of(graph, value);
  if (weight) {
    EditStep made = step("initializer_to_input");
    made.parameters["keep_default"] = true;
    add(menu, document, Document::tr("Make This Weight an Input"), std::move(made),
        Document::tr("Make %1 an Input").arg(name));
  }
  if (is_input(graph, value)) {
    if (weight)  // its default
      add(menu, document, Document::tr("Make This Input a Weight"), step("input_to_initializer"),
          Document::tr("Make %1 a Weight").arg(name));
    add(menu, document, Document::tr("Remove Input"), step("remove_input"),
        Document::tr("Remove Input %1").arg(name));
    menu.addAction(Document::tr("Make Batch Dynamic"), &document, [&document] { free_batch(document); });
  }
}

}  // namespace lapidary::ui
