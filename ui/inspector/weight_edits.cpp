#include "ui/inspector/weight_edits.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QInputDialog>

#include "engine/edit/names.h"
#include "engine/io/tensor_file.h"
#include "ui/document/element_edits.h"
#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

const Graph& graphOf(const Document& document, const Graph* graph) {
  return graph ? *graph : *document.model()->graph;
}

EditStep stepOn(const char* edit, const Document& document, const Element& weight) {
  EditStep step{edit};
  step.parameters["tensor"] = weight.value;
  add_graph(step, document, weight);
  return step;
}

/// Numbers as they are, and what JSON has no word for as text.
EditJson numberOf(const QString& typed) {
  EditJson json = EditJson::parse(typed.trimmed().toStdString(), nullptr, false);
  return json.is_discarded() ? EditJson(typed.trimmed().toStdString()) : json;
}

}  // namespace

std::optional<Element> weight_seen(const Document& document, const std::string& name) {
  const Element* current = document.selection()->current();
  if (!document.model() || !document.canEdit()) return std::nullopt;
  for (const Graph* graph = current ? current->graph : nullptr;;) {
    if (initializer_of(graphOf(document, graph), name)) return Element::named(name, graph);
    const NestedGraph* place = document.nested() ? document.nested()->find(graph) : nullptr;
    if (!place) return std::nullopt;
    graph = place->around;
  }
}

bool set_weight_number(Document& document, const Element& weight, std::int64_t position,
                       const QString& typed) {
  const Graph& graph = graphOf(document, weight.graph);
  const auto place = initializer_of(graph, weight.value);
  if (!place) return false;
  const Dims& dims = graph.initializers[*place]->tensor.dims();
  EditJson index = EditJson::array();
  for (std::size_t axis = dims.size(); axis-- > 0; position /= dims[axis])
    index.insert(index.begin(), position % dims[axis]);
  EditStep step = stepOn("set_weight_values", document, weight);
  step.parameters["values"] = EditJson::array({{{"index", index}, {"value", numberOf(typed)}}});
  return document.edit(step, Document::tr("Set %1 of %2").arg(text(index.dump()), text(weight.value)));
}

bool replace_weight_from(Document& document, const Element& weight, const QString& path,
                         const QString& entry) {
  EditStep step = stepOn("replace_weight", document, weight);
  step.parameters["value"] = {{"file", path.toStdString()}};
  if (!entry.isEmpty()) step.parameters["value"]["entry"] = entry.toStdString();
  return document.edit(step,
                       Document::tr("Replace %1 by %2").arg(text(weight.value), QFileInfo(path).fileName()));
}

void ask_to_replace_weight(Document& document, const Element& weight, QWidget* parent) {
  const QString path = QFileDialog::getOpenFileName(
      parent, Document::tr("Replace %1 by").arg(text(weight.value)), QFileInfo(document.path()).path(),
      Document::tr("Tensors (*.npy *.npz *.safetensors *.csv *.tsv *.pb *.json);;All files (*)"));
  if (path.isEmpty()) return;
  const QString ending = QFileInfo(path).suffix().toLower();
  QString entry;
  if (ending == QLatin1String("npz") || ending == QLatin1String("safetensors")) {
    QStringList names;
    try {
      for (const auto& [name, datum] : read_data(path.toStdString(), {})) names.append(text(name));
    } catch (const Error&) {
      // The edit says what is wrong with the file.
    }
    entry = names.contains(text(weight.value)) ? text(weight.value) : QString();
    bool isChosen = true;
    if (entry.isEmpty() && names.size() > 1)
      entry = QInputDialog::getItem(parent, Document::tr("Replace %1").arg(text(weight.value)),
                                    Document::tr("Which tensor of %1?").arg(QFileInfo(path).fileName()),
                                    names, 0, false, &isChosen);
    if (!isChosen) return;
  }
  replace_weight_from(document, weight, path, entry);
}

}  // namespace lapidary::ui
