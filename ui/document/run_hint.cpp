#include "ui/document/run_hint.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QStyle>
#include <QVBoxLayout>

#include "ui/document/document.h"
#include "ui/document/format.h"

namespace lapidary::ui {

RunHint::RunHint(const QString& invitation, QWidget* parent)
    : QWidget(parent),
      invitation_(invitation),
      line_(new QLabel),
      progress_(new QProgressBar),
      button_(new QPushButton),
      settings_(new QPushButton(tr("Change inputs…"))) {
  line_->setAlignment(Qt::AlignCenter);
  line_->setWordWrap(true);
  line_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  progress_->setTextVisible(false);
  progress_->setFixedWidth(240);
  auto* buttons = new QHBoxLayout;
  buttons->setSpacing(8);
  buttons->addStretch(1);
  buttons->addWidget(button_);
  buttons->addWidget(settings_);
  buttons->addStretch(1);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(24, 8, 24, 8);
  column->setSpacing(12);
  column->addStretch(1);
  column->addWidget(line_);
  column->addWidget(progress_, 0, Qt::AlignHCenter);
  column->addLayout(buttons);
  column->addStretch(1);
  connect(button_, &QPushButton::clicked, this, &RunHint::act);
  connect(settings_, &QPushButton::clicked, this, [this] {
    if (document_) Q_EMIT document_->runSettingsWanted();
  });
  refresh();
}

void RunHint::setDocument(Document* document) {
  if (document_)
    disconnect(document_, nullptr, this, nullptr), disconnect(document_->jobs(), nullptr, this, nullptr);
  document_ = document;
  if (document) {
    connect(document, &Document::runChanged, this, &RunHint::refresh);
    connect(document, &Document::stateChanged, this, &RunHint::refresh);
    connect(document->jobs(), &JobList::activityChanged, this, &RunHint::refresh);
  }
  refresh();
}

void RunHint::standInFor(QWidget* results) { results_ = results; }

bool RunHint::isWanted() const { return !document_ || !document_->result() || document_->runError(); }

void RunHint::refresh() {
  const Job* job = document_ ? document_->jobs()->running(document_, QStringLiteral("run")) : nullptr;
  const bool failed = document_ && document_->runError();
  line_->setText(job ? tr("Running…") : failed ? text(document_->runError()->what()) : invitation_);
  line_->setProperty("role", failed && !job ? QStringLiteral("problem") : QStringLiteral("weak"));
  line_->style()->unpolish(line_);
  line_->style()->polish(line_);
  progress_->setVisible(job != nullptr);
  progress_->setRange(0, job && job->progress() >= 0 ? 1000 : 0);
  if (job && job->progress() >= 0) progress_->setValue(qRound(job->progress() * 1000));
  button_->setText(job ? tr("Stop") : failed ? tr("Run again") : tr("Run"));
  button_->setVisible(document_ && document_->state() == Document::State::Ready);
  settings_->setVisible(failed && !job);
  if (!results_) return;
  setVisible(isWanted());
  results_->setVisible(!isWanted());
}

void RunHint::act() {
  if (document_) document_->requestRun();
}

}  // namespace lapidary::ui
