#include "ui/shell/job_progress.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>

#include "ui/jobs/job_list.h"

namespace lapidary::ui {

namespace {

constexpr qint64 noticedMilliseconds = 200;

}  // namespace

JobProgress::JobProgress(Document* document, QWidget* parent)
    : QWidget(parent), document_(document), title_(new QLabel), bar_(new QProgressBar) {
  setObjectName(QStringLiteral("progress"));
  setAttribute(Qt::WA_StyledBackground);
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(16, 4, 8, 4);
  row->setSpacing(12);
  title_->setProperty("role", QStringLiteral("weak"));
  bar_->setTextVisible(false);
  bar_->setFixedWidth(160);
  bar_->setAccessibleName(tr("Progress"));
  auto* cancel = new QPushButton(tr("Cancel"));
  cancel->setObjectName(QStringLiteral("cancelOpening"));
  row->addWidget(title_, 1);
  row->addWidget(bar_);
  row->addWidget(cancel);
  patience_.setSingleShot(true);
  connect(cancel, &QPushButton::clicked, document, &Document::cancelOpening);
  connect(&patience_, &QTimer::timeout, this, &JobProgress::follow);
  connect(document->jobs(), &JobList::activityChanged, this, &JobProgress::follow);
  connect(document, &Document::openingChanged, this, &JobProgress::follow);
  follow();
}

void JobProgress::follow() {
  const Job* job = document_->opening();
  const bool isAwaited = job && job->isRunning();
  if (!isAwaited)
    waiting_.invalidate();
  else if (!waiting_.isValid())
    waiting_.start();
  const qint64 left = isAwaited ? noticedMilliseconds - waiting_.elapsed() : 0;
  if (isAwaited && left > 0 && !patience_.isActive()) patience_.start(static_cast<int>(left) + 1);
  setVisible(isAwaited && left <= 0);
  if (!isAwaited) return;
  title_->setText(job->title());
  bar_->setRange(0, job->progress() < 0 ? 0 : 1000);
  if (job->progress() >= 0) bar_->setValue(qRound(job->progress() * 1000));
}

}  // namespace lapidary::ui
