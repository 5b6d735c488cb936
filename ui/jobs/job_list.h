#pragma once

#include <QAbstractListModel>
#include <QPointer>
#include <QThreadPool>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "ui/jobs/job.h"

namespace lapidary::ui {

/// Starts jobs and lists them, newest first; those that ended stay until there are too many.
class JobList : public QAbstractListModel {
  Q_OBJECT

 public:
  explicit JobList(QObject* parent = nullptr);
  /// Cancels what runs and waits for it.
  ~JobList() override;

  /// Runs `work` on another thread and hands what it returns to `done` on the GUI thread. A job of the same
  /// `context` and `channel` that is still running is cancelled, and its result never arrives; neither does
  /// any once `context` is gone. `failed` gets the error; jobs that were cancelled call neither.
  template <class Work, class Done>
  Job* start(QObject* context, const QString& channel, const QString& title, Work work, Done done,
             std::function<void(const Error&)> failed = {}) {
    using Result = std::invoke_result_t<Work, const JobControl&>;
    auto result = std::make_shared<std::optional<Result>>();
    return startErased(
        context, channel, title,
        [result, work](const JobControl& control) { result->emplace(work(control)); },
        [result, done] { done(std::move(**result)); }, std::move(failed));
  }

  /// The job that runs in this channel, or nullptr.
  Job* running(const QObject* context, const QString& channel) const;
  /// Cancels every job of this context.
  void cancelAll(const QObject* context);
  /// The oldest job that still runs, or nullptr.
  Job* firstRunning() const;
  Job* jobAt(int row) const { return jobs_[static_cast<std::size_t>(row)]; }
  /// Forgets the jobs that ended.
  void clearEnded();
  /// Forgets the job in this row, which must have ended.
  void forget(int row);

  enum Role { TitleRole = Qt::UserRole, StateRole, ProgressRole, ErrorRole };
  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;

 Q_SIGNALS:
  void started(lapidary::ui::Job* job);
  /// A job started, moved on or ended.
  void activityChanged();

 private:
  using Channel = std::pair<const QObject*, QString>;
  Job* startErased(QObject* context, const QString& channel, const QString& title,
                   std::function<void(const JobControl&)> work, std::function<void()> done,
                   std::function<void(const Error&)> failed);
  void insert(Job* job);
  void finish(Job* job, const Channel& channel, Job::State state, const std::optional<Error>& error);
  void removeEnded(std::size_t keep);

  QThreadPool pool_;
  std::vector<Job*> jobs_;
  std::map<Channel, Job*> channels_;
};

}  // namespace lapidary::ui
