#include "ui/document/recovery.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <algorithm>

#include "ui/document/format.h"
#include "ui/document/journal_keeper.h"

namespace lapidary::ui {

namespace {

QString message(const char* sentence) { return QCoreApplication::translate("Recovery", sentence); }

}  // namespace

std::string step_title(const EditStep& step) {
  std::string title = step.edit;
  std::replace(title.begin(), title.end(), '_', ' ');
  return title;
}

Recovery recover_edits(const JournalContent& journal, const std::string& path, EditHistory& history,
                       const JobControl& control) {
  Recovery recovery{journal.path, {}, {}};
  const auto known = journal.missing_in(content_hash(path));
  for (const EditStep& step : known ? *known : journal.steps) {
    control.check();
    try {
      history.push(step_title(step), apply_step(history.current(), step));
      recovery.steps.push_back(step);
    } catch (const Error& error) {
      const QString cause = message("%1 of %2 edits were recovered; %3 cannot be made again: %4")
                                .arg(recovery.steps.size())
                                .arg((known ? *known : journal.steps).size())
                                .arg(text(step_title(step)), text(error.message()));
      recovery.error = Error(cause.toStdString());
      return recovery;
    }
  }
  if (!known)
    recovery.error = Error(message("The file changed after these edits were made. All of them could be made "
                                   "again; look through them before you save.")
                               .toStdString());
  return recovery;
}

std::vector<JournalContent> journals() { return find_journals(journal_folder()); }

std::optional<JournalContent> journal_of(const std::string& path) {
  const std::string absolute = QFileInfo(text(path)).absoluteFilePath().toStdString();
  for (JournalContent& journal : journals())
    if (journal.model_path == absolute) return std::move(journal);
  return std::nullopt;
}

}  // namespace lapidary::ui
