#pragma once

#include <QObject>
#include <QString>
#include <atomic>
#include <memory>
#include <optional>

#include "engine/model/error.h"
#include "engine/ops/kernel.h"

namespace lapidary::ui {

class Job;

/// What a job's work sees of its job: whether it should stop, and where to say how far it is. Copies share
/// the job.
class JobControl {
 public:
  const CancelToken& token() const { return token_; }
  bool isCancelled() const { return token_.is_cancelled(); }
  /// Throws Cancelled if the job was asked to stop.
  void check() const { token_.check(); }
  /// How far the work is, 0 to 1; may be called as often as is handy, from any thread.
  void setProgress(double progress) const;

 private:
  friend class Job;
  CancelToken token_;
  std::shared_ptr<std::atomic<int>> permille_ = std::make_shared<std::atomic<int>>(-1);
  Job* job_ = nullptr;
};

/// Work off the GUI thread, as the GUI sees it: a title, how far it is, how it ended. Lives on the GUI
/// thread.
class Job : public QObject {
  Q_OBJECT

 public:
  enum class State { Running, Done, Failed, Cancelled };

  Job(QString title, QObject* parent);

  const QString& title() const { return title_; }
  State state() const { return state_; }
  bool isRunning() const { return state_ == State::Running; }
  /// 0 to 1, or -1 while the work has not said.
  double progress() const { return progress_; }
  /// Why it failed; only if state() is Failed.
  const std::optional<Error>& error() const { return error_; }
  /// From start to end, or until now.
  qint64 elapsedMilliseconds() const;
  void cancel();
  const JobControl& control() const { return control_; }

 Q_SIGNALS:
  void changed();
  /// It was asked to stop; its work may go on for a while.
  void cancelled();
  /// Once, when it is no longer running; the result has been delivered before.
  void finished();

 private:
  friend class JobControl;
  friend class JobList;
  void updateProgress();
  void finish(State state, std::optional<Error> error);

  QString title_;
  JobControl control_;
  State state_ = State::Running;
  double progress_ = -1;
  std::optional<Error> error_;
  qint64 beginMilliseconds_ = 0, endMilliseconds_ = 0;
};

}  // namespace lapidary::ui
