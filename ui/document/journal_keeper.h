#pragma once

#include <QObject>
#include <QThreadPool>
#include <functional>
#include <memory>

#include "engine/edit/journal.h"

namespace lapidary::ui {

/// Where the studio keeps its journals.
std::string journal_folder();

/// Writes a document's journal on a thread of its own, since each line waits for the disk. Where it cannot be
/// written, failed() says so once, and nothing is written from then on. All may be called from any thread.
class JournalKeeper : public QObject {
  Q_OBJECT

 public:
  /// A new journal for the model at that path.
  explicit JournalKeeper(const QString& modelPath, QObject* parent = nullptr);
  /// Waits for what is still to be written.
  ~JournalKeeper() override;

  void opened(const std::string& contentHash);
  void append(const EditStep& step);
  void moveTo(std::size_t steps);
  void saving();
  void saved(const QString& path, const std::string& contentHash);
  /// Nothing is to be recovered any more.
  void remove();
  /// What was said before is on disk when it returns.
  void flush() { thread_.waitForDone(); }

 Q_SIGNALS:
  void failed(const lapidary::Error& error);

 private:
  void write(std::function<void(EditJournal&)> line);

  QThreadPool thread_;
  std::unique_ptr<EditJournal> journal_;  ///< made and used on the thread only
  bool hasFailed_ = false;
};

}  // namespace lapidary::ui
