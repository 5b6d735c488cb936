#include "ui/document/clipboard.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QMimeData>

#include "engine/edit/data_json.h"
#include "ui/document/element_edits.h"

namespace lapidary::ui {

namespace {

/// A model as edits write one: {"onnx": base64}.
const QString partType = QStringLiteral("application/x-lapidary-part+json");

}  // namespace

void copy_part(Document& document, const std::vector<Element>& elements, const QString& text) {
  QGuiApplication::clipboard()->setText(text);
  if (elements.empty() || !document.canEdit()) return;
  EditStep step{"extract", {{"nodes", addresses_of(document, elements)}}};
  if (step.parameters["nodes"].empty()) return;
  add_graph(step, document, elements.front());
  document.jobs()->start(
      &document, QStringLiteral("copy"), Document::tr("Copy from %1").arg(document.title()),
      [model = document.model(), step](const JobControl&) {
        return QByteArray::fromStdString(to_json(*apply_step(model, step)).dump());
      },
      [text](const QByteArray& part) {
        auto* data = new QMimeData;
        data->setText(text);
        data->setData(partType, part);
        QGuiApplication::clipboard()->setMimeData(data);
      });
}

bool paste_part(Document& document) {
  const QMimeData* data = QGuiApplication::clipboard()->mimeData();
  if (!data || !data->hasFormat(partType) || !document.canEdit()) return false;
  const QByteArray part = data->data(partType);
  const EditJson model = EditJson::parse(part.begin(), part.end(), nullptr, false);
  if (model.is_discarded()) return false;
  EditStep step{"paste", {{"model", model}}};
  if (const Element* selected = document.selection()->current()) add_graph(step, document, *selected);
  return document.edit(step, Document::tr("Paste"));
}

}  // namespace lapidary::ui
