#include "ui/inspector/node_documentation.h"

#include <QCoreApplication>

#include "engine/documentation/operator_documentation.h"
#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

QString tr(const char* source) { return QCoreApplication::translate("Description", source); }

/// "X (T): Values of any shape", as far as there is something to say.
QString line(const DocumentationRow& row) {
  QString made = text(row.name);
  if (!row.note.empty())
    made += made.isEmpty() ? text(row.note) : QStringLiteral(" (%1)").arg(text(row.note));
  if (row.text.empty()) return made;
  return made.isEmpty() ? text(row.text) : made + QStringLiteral(": ") + text(row.text);
}

std::vector<DescriptionSection> ofOperator(const Operator& record) {
  const OperatorDocumentation documentation = document_operator(record);
  std::vector<DescriptionSection> sections;
  sections.push_back({tr("Documentation"), {}, text(documentation.summary)});
  for (const DocumentationSection& section : documentation.sections) {
    QStringList lines;
    for (const DocumentationRow& row : section.rows) lines += line(row);
    sections.push_back({tr("%1 of %2").arg(text(section.title), text(documentation.title)),
                        {},
                        lines.join(QLatin1Char('\n'))});
  }
  return sections;
}

std::vector<DescriptionSection> ofFunction(const Function& function) {
  DescriptionSection section{tr("Documentation"), {}, text(function.doc_string)};
  if (section.text.isEmpty()) section.text = tr("The model says nothing about this function.");
  const auto names = [](const std::vector<std::string>& list) {
    QStringList made;
    for (const std::string& name : list) made += text(name);
    return made.join(QStringLiteral(", "));
  };
  const auto add = [&](const QString& caption, const QString& value) {
    if (!value.isEmpty()) section.rows.push_back({caption, value, false, {}, {}, -1});
  };
  add(tr("inputs"), names(function.inputs));
  add(tr("outputs"), names(function.outputs));
  add(tr("attributes"), names(function.attributes));
  add(tr("operators inside"), QString::number(function.nodes.size()));
  return {section};
}

}  // namespace

std::vector<DescriptionSection> documentation_of(const Operator* record, const Function* function) {
  if (function) return ofFunction(*function);
  return record ? ofOperator(*record) : std::vector<DescriptionSection>{};
}

}  // namespace lapidary::ui
