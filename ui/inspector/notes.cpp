#include "ui/inspector/notes.h"

#include <QCoreApplication>

#include "ui/document/element_edits.h"
#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

QString tr(const char* source) { return QCoreApplication::translate("Description", source); }

EditStep stepOn(const char* edit, const Document& document, const std::optional<Element>& node) {
  EditStep step{edit};
  if (!node) return step;
  step.parameters["node"] = addresses_of(document, {*node}).front();
  add_graph(step, document, *node);
  return step;
}

/// "key = value" is a new entry.
void putEntry(EditStep& step, const QString& typed) {
  const qsizetype sign = typed.indexOf(QLatin1Char('='));
  const QString key = typed.left(sign).trimmed();
  if (sign < 0 || key.isEmpty()) throw Error("write a key, = and its text: author = me");
  step.parameters["key"] = key.toStdString();
  step.parameters["value"] = typed.mid(sign + 1).trimmed().toStdString();
}

}  // namespace

void add_notes(Description& description, const Document& document, const std::optional<Element>& node,
               const std::string& documentation, const Metadata& metadata) {
  const QString note = text(documentation);
  DescriptionRow noted{
      tr("note"), note.isEmpty() ? tr("none") : shortened(note.simplified(), 400), note.isEmpty(), {}, {}};
  noted.tip = note;
  noted.edit = RowEdit{stepOn("set_documentation", document, node), tr("Set Note"), note, put_text("text")};
  noted.edit->isLong = true;
  description.documentation.push_back({tr("Note in the model"), {noted}, {}});

  DescriptionSection entries{tr("Metadata"), {}, {}};
  for (const auto& [key, value] : metadata) {
    DescriptionRow made{text(key), shortened(text(value).simplified(), 80), false, {}, {}};
    made.tip = text(value);
    EditStep step = stepOn("set_metadata", document, node);
    step.parameters["key"] = key;
    made.edit = RowEdit{step, tr("Set Metadata %1").arg(text(key)), text(value), put_text("value")};
    made.edit->isLong = value.find('\n') != std::string::npos;
    made.edit->reset = step;
    made.edit->resetTitle = tr("Remove Entry");
    entries.rows.push_back(std::move(made));
  }
  DescriptionRow added{tr("add entry"), tr("key = text"), true, {}, {}};
  added.edit = RowEdit{stepOn("set_metadata", document, node), tr("Add Metadata"), {}, putEntry};
  entries.rows.push_back(std::move(added));
  description.documentation.push_back(std::move(entries));
}

}  // namespace lapidary::ui
