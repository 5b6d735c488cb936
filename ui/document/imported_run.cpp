#include "ui/document/imported_run.h"

#include <QCoreApplication>
#include <QFileInfo>

#include "engine/trace/import_trace.h"
#include "ui/document/format.h"

namespace lapidary::ui {

ImportedRun import_run(const std::string& path, const Model& model) {
  ImportedTrace imported = import_trace(path);
  ImportedRun result;
  result.producer = ui::text(imported.producer);
  for (const auto& [reason, count] : imported.unused) result.unused += count;
  result.unused += imported.counts.damaged;
  result.mapping = map_to_model(imported.trace, model);
  result.run.trace = std::move(imported.trace);
  result.run.settings.backend = imported.producer;
  result.run.summary = summarize(result.run.trace);
  return result;
}

QString ImportedRun::text() const {
  const auto said = [](const char* words) { return QCoreApplication::translate("ImportedRun", words); };
  QString line = said("%1 of %2 operators that %3 ran belong to this model")
                     .arg(count(static_cast<double>(mapping.mapped_spans)),
                          count(static_cast<double>(mapping.operator_spans)), producer);
  if (!mapping.unmapped.empty())
    line += said(" · unknown here: %1").arg(ui::text(mapping.unmapped.front().first));
  if (unused > 0) line += said(" · events left out: %1").arg(count(static_cast<double>(unused)));
  return line;
}

bool is_trace_file(const QString& path) {
  const QString name = QFileInfo(path).fileName().toLower();
  return name.endsWith(QStringLiteral(".json.gz")) || name.endsWith(QStringLiteral(".trace")) ||
         name.contains(QStringLiteral("trace")) || name.contains(QStringLiteral("profile"));
}

}  // namespace lapidary::ui
