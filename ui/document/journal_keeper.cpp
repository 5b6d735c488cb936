#include "ui/document/journal_keeper.h"

#include <QFileInfo>
#include <QStandardPaths>

#include "engine/model/error.h"

namespace lapidary::ui {

std::string journal_folder() {
  const QString data = QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation);
  return (data + QStringLiteral("/lapidary/journals")).toStdString();
}

JournalKeeper::JournalKeeper(const QString& modelPath, QObject* parent) : QObject(parent) {
  thread_.setMaxThreadCount(1);  // one line after the other
  const std::string path = QFileInfo(modelPath).absoluteFilePath().toStdString();
  thread_.start([this, path, folder = journal_folder()] {
    try {
      journal_ = std::make_unique<EditJournal>(folder, path);
    } catch (const Error& error) {
      hasFailed_ = true;
      Q_EMIT failed(error);
    }
  });
}

JournalKeeper::~JournalKeeper() { thread_.waitForDone(); }

void JournalKeeper::write(std::function<void(EditJournal&)> line) {
  thread_.start([this, line = std::move(line)] {
    if (hasFailed_) return;
    try {
      line(*journal_);
    } catch (const Error& error) {
      hasFailed_ = true;
      Q_EMIT failed(error);
    }
  });
}

void JournalKeeper::opened(const std::string& contentHash) {
  write([contentHash](EditJournal& journal) { journal.opened(contentHash); });
}

void JournalKeeper::append(const EditStep& step) {
  flush();  // so that at most one edit can be lost
  write([step](EditJournal& journal) { journal.append(step); });
}

void JournalKeeper::moveTo(std::size_t steps) {
  flush();
  write([steps](EditJournal& journal) { journal.move_to(steps); });
}

void JournalKeeper::saving() {
  write([](EditJournal& journal) { journal.saving(); });
}

void JournalKeeper::saved(const QString& path, const std::string& contentHash) {
  write([file = QFileInfo(path).absoluteFilePath().toStdString(), contentHash](EditJournal& journal) {
    journal.saved(file, contentHash);
  });
}

void JournalKeeper::remove() {
  write([](EditJournal& journal) { journal.remove(); });
}

}  // namespace lapidary::ui
