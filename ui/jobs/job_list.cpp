#include "ui/jobs/job_list.h"

#include <algorithm>

namespace lapidary::ui {

namespace {

constexpr std::size_t endedJobsKept = 40;

/// Title and state in a line, for who cannot see the bar.
QString spoken(const Job& job) {
  switch (job.state()) {
    case Job::State::Running:
      return job.progress() < 0 ? JobList::tr("%1, running").arg(job.title())
                                : JobList::tr("%1, %2 %").arg(job.title()).arg(qRound(job.progress() * 100));
    case Job::State::Done:
      return JobList::tr("%1, done").arg(job.title());
    case Job::State::Cancelled:
      return JobList::tr("%1, cancelled").arg(job.title());
    case Job::State::Failed:
      return JobList::tr("%1, failed: %2").arg(job.title(), QString::fromUtf8(job.error()->what()));
  }
  return {};
}

}  // namespace

JobList::JobList(QObject* parent) : QAbstractListModel(parent) {
  // Model files and runs bring their own threads; a few at once keep a long one from holding up a short one.
  pool_.setMaxThreadCount(4);
}

JobList::~JobList() {
  for (Job* job : jobs_) job->cancel();
  pool_.waitForDone();
}

Job* JobList::startErased(QObject* context, const QString& channel, const QString& title,
                          std::function<void(const JobControl&)> work, std::function<void()> done,
                          std::function<void(const Error&)> failed) {
  const Channel key{context, channel};
  if (Job* older = running(context, channel)) older->cancel();
  Job* job = new Job(title, this);
  channels_[key] = job;
  insert(job);
  auto deliver = [this, job, key, guard = QPointer<QObject>(context), done = std::move(done),
                  failed = std::move(failed)](Job::State state, std::optional<Error> error) {
    const bool newest = channels_.count(key) != 0 && channels_[key] == job;
    if (job->control().isCancelled() || !newest || !guard) {
      state = Job::State::Cancelled;
      error.reset();
    }
    if (state == Job::State::Done) done();
    if (state == Job::State::Failed && failed) failed(*error);
    finish(job, key, state, error);
  };
  pool_.start([this, control = job->control(), work = std::move(work), deliver = std::move(deliver)] {
    Job::State state = Job::State::Done;
    std::optional<Error> error;
    try {
      control.check();
      work(control);
    } catch (const Cancelled&) {
      state = Job::State::Cancelled;
    } catch (const Error& caught) {
      state = Job::State::Failed;
      error = caught;
    } catch (const std::exception& caught) {
      state = Job::State::Failed;
      error = Error(caught.what(), Error::Kind::Machine);
    }
    QMetaObject::invokeMethod(
        this, [deliver, state, error] { deliver(state, error); }, Qt::QueuedConnection);
  });
  return job;
}

Job* JobList::running(const QObject* context, const QString& channel) const {
  const auto found = channels_.find({context, channel});
  return found == channels_.end() ? nullptr : found->second;
}

void JobList::cancelAll(const QObject* context) {
  for (const auto& [channel, job] : channels_)
    if (channel.first == context) job->cancel();
}

Job* JobList::firstRunning() const {
  const auto found = std::find_if(jobs_.rbegin(), jobs_.rend(), [](Job* job) { return job->isRunning(); });
  return found == jobs_.rend() ? nullptr : *found;
}

void JobList::insert(Job* job) {
  beginInsertRows({}, 0, 0);
  jobs_.insert(jobs_.begin(), job);
  endInsertRows();
  connect(job, &Job::changed, this, [this, job] {
    const auto row = static_cast<int>(std::find(jobs_.begin(), jobs_.end(), job) - jobs_.begin());
    Q_EMIT dataChanged(index(row), index(row));
    Q_EMIT activityChanged();
  });
  Q_EMIT started(job);
  Q_EMIT activityChanged();
}

void JobList::finish(Job* job, const Channel& channel, Job::State state, const std::optional<Error>& error) {
  const auto found = channels_.find(channel);
  if (found != channels_.end() && found->second == job) channels_.erase(found);
  job->finish(state, error);
  removeEnded(endedJobsKept);
}

void JobList::clearEnded() { removeEnded(0); }

void JobList::removeEnded(std::size_t keep) {
  std::size_t ended = 0;
  for (std::size_t row = 0; row < jobs_.size();) {
    if (jobs_[row]->isRunning() || ended++ < keep)
      ++row;
    else
      forget(static_cast<int>(row));
  }
}

void JobList::forget(int row) {
  Job* job = jobAt(row);
  beginRemoveRows({}, row, row);
  jobs_.erase(jobs_.begin() + row);
  endRemoveRows();
  job->deleteLater();
  Q_EMIT activityChanged();
}

int JobList::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(jobs_.size());
}

QVariant JobList::data(const QModelIndex& index, int role) const {
  const Job* job = jobAt(index.row());
  switch (role) {
    case Qt::AccessibleTextRole:
      return spoken(*job);
    case Qt::DisplayRole:
    case TitleRole:
      return job->title();
    case StateRole:
      return static_cast<int>(job->state());
    case ProgressRole:
      return job->progress();
    case ErrorRole:
    case Qt::ToolTipRole:
      return job->error() ? QString::fromUtf8(job->error()->what()) : QString();
    default:
      return {};
  }
}

}  // namespace lapidary::ui
