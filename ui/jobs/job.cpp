#include "ui/jobs/job.h"

#include <algorithm>
#include <cmath>

#include "engine/runtime/backend.h"

namespace lapidary::ui {

namespace {

qint64 milliseconds() { return now_ns() / 1'000'000; }

}  // namespace

void JobControl::setProgress(double progress) const {
  const int permille = static_cast<int>(std::lround(std::clamp(progress, 0.0, 1.0) * 1000));
  // Only a step that can be seen wakes the GUI thread.
  const int before = permille_->load(std::memory_order_relaxed);
  if (before >= 0 && std::abs(permille - before) < 10 && permille != 1000) return;
  permille_->store(permille, std::memory_order_relaxed);
  QMetaObject::invokeMethod(
      job_, [job = job_] { job->updateProgress(); }, Qt::QueuedConnection);
}

Job::Job(QString title, QObject* parent)
    : QObject(parent), title_(std::move(title)), beginMilliseconds_(milliseconds()) {
  control_.job_ = this;
}

qint64 Job::elapsedMilliseconds() const {
  return (isRunning() ? milliseconds() : endMilliseconds_) - beginMilliseconds_;
}

void Job::cancel() {
  if (!isRunning() || control_.isCancelled()) return;
  control_.token_.cancel();
  Q_EMIT cancelled();
}

void Job::updateProgress() {
  if (!isRunning()) return;
  progress_ = control_.permille_->load(std::memory_order_relaxed) / 1000.0;
  Q_EMIT changed();
}

void Job::finish(State state, std::optional<Error> error) {
  endMilliseconds_ = milliseconds();
  state_ = state;
  error_ = std::move(error);
  Q_EMIT changed();
  Q_EMIT finished();
}

}  // namespace lapidary::ui
