#include "ui/shell/jobs_panel.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QKeyEvent>
#include <QLabel>
#include <QListView>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>
#include <cmath>

#include "ui/document/format.h"
#include "ui/document/theme.h"
#include "ui/jobs/job_list.h"

namespace lapidary::ui {

namespace {

constexpr int barWidth = 160, stateWidth = 120;

QString stateText(const Job& job) {
  switch (job.state()) {
    case Job::State::Running:
      return job.progress() < 0 ? JobsPanel::tr("running")
                                : JobsPanel::tr("%1 %").arg(std::lround(job.progress() * 100));
    case Job::State::Done:
      return milliseconds(static_cast<double>(job.elapsedMilliseconds()));
    case Job::State::Failed:
      return JobsPanel::tr("failed");
    case Job::State::Cancelled:
      return JobsPanel::tr("cancelled");
  }
  return {};
}

/// Title and state in a line, with a bar and a cross while the job runs, or the error beneath.
class JobDelegate : public QStyledItemDelegate {
 public:
  JobDelegate(Theme* theme, JobList* jobs, QObject* parent)
      : QStyledItemDelegate(parent), theme_(theme), jobs_(jobs) {}

  QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex& index) const override {
    return {200, index.data(JobList::ErrorRole).toString().isEmpty() ? 28 : 48};
  }

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const Job* job = jobs_->jobAt(index.row());
    const ThemeColors& colors = theme_->colors();
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    if (option.state & QStyle::State_Selected) painter->fillRect(option.rect, colors.selection);
    const QRect line(option.rect.left() + 16, option.rect.top(), option.rect.width() - 32, 28);
    const int right = job->isRunning() ? line.right() - barWidth : line.right();
    const QRect state(right - stateWidth, line.top(), stateWidth, line.height());
    const QRect title(line.left(), line.top(), state.left() - line.left() - 8, line.height());
    painter->setPen(colors.text);
    painter->drawText(title, Qt::AlignVCenter,
                      option.fontMetrics.elidedText(job->title(), Qt::ElideMiddle, title.width()));
    painter->setPen(job->state() == Job::State::Failed ? colors.problem : colors.weakText);
    painter->drawText(state, Qt::AlignVCenter | Qt::AlignRight, stateText(*job));
    if (job->isRunning()) {
      paintBar(painter, *job, QRectF(right + 16, line.center().y() - 1, barWidth - 48, 4));
      paintCross(painter, crossOf(option.rect), colors.weakText);
    }
    if (job->error()) {
      painter->setPen(colors.weakText);
      const QRect below = line.translated(0, 20);
      painter->drawText(below, Qt::AlignVCenter,
                        option.fontMetrics.elidedText(index.data(JobList::ErrorRole).toString(),
                                                      Qt::ElideRight, below.width()));
    }
    painter->restore();
  }

  bool editorEvent(QEvent* event, QAbstractItemModel*, const QStyleOptionViewItem& option,
                   const QModelIndex& index) override {
    if (event->type() != QEvent::MouseButtonRelease) return false;
    if (!crossOf(option.rect).contains(static_cast<QMouseEvent*>(event)->pos())) return false;
    jobs_->jobAt(index.row())->cancel();
    return true;
  }

 private:
  static QRect crossOf(const QRect& row) { return {row.right() - 40, row.top() + 2, 24, 24}; }

  void paintBar(QPainter* painter, const Job& job, const QRectF& bar) const {
    painter->setPen(Qt::NoPen);
    painter->setBrush(theme_->colors().field);
    painter->drawRoundedRect(bar, 2, 2);
    painter->setBrush(theme_->colors().accent);
    painter->drawRoundedRect(
        QRectF(bar.topLeft(), QSizeF(bar.width() * std::max(0.02, job.progress()), bar.height())), 2, 2);
  }

  static void paintCross(QPainter* painter, const QRect& cross, const QColor& color) {
    const QPointF center = QRectF(cross).center();
    painter->setPen(QPen(color, 1.4, Qt::SolidLine, Qt::RoundCap));
    painter->drawLine(center + QPointF(-4, -4), center + QPointF(4, 4));
    painter->drawLine(center + QPointF(-4, 4), center + QPointF(4, -4));
  }

  Theme* theme_;
  JobList* jobs_;
};

}  // namespace

JobsPanel::JobsPanel(Theme* theme, JobList* jobs, QWidget* parent)
    : QWidget(parent), jobs_(jobs), list_(new QListView) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  auto* empty = new QLabel(tr("Jobs that run in the background are listed here"));
  empty->setAlignment(Qt::AlignCenter);
  empty->setProperty("role", QStringLiteral("weak"));
  empty_ = empty;
  column->addWidget(empty_);
  column->addWidget(list_);
  list_->setModel(jobs);
  list_->setItemDelegate(new JobDelegate(theme, jobs, list_));
  list_->setAccessibleName(tr("Jobs"));
  list_->setContextMenuPolicy(Qt::CustomContextMenu);
  connect(list_, &QListView::customContextMenuRequested, this, &JobsPanel::showMenu);
  connect(theme, &Theme::changed, list_->viewport(), qOverload<>(&QWidget::update));
  connect(jobs, &JobList::activityChanged, this, &JobsPanel::updateEmpty);
  updateEmpty();
}

void JobsPanel::updateEmpty() {
  empty_->setVisible(jobs_->rowCount() == 0);
  list_->setVisible(jobs_->rowCount() != 0);
}

void JobsPanel::copy(int row) const {
  const Job* job = jobs_->jobAt(row);
  const QString error = job->error() ? QStringLiteral("\t") + text(job->error()->what()) : QString();
  QGuiApplication::clipboard()->setText(job->title() + QLatin1Char('\t') + stateText(*job) + error);
}

void JobsPanel::showMenu(const QPoint& place) {
  QMenu menu;
  if (const QModelIndex index = list_->indexAt(place); index.isValid()) {
    if (jobs_->jobAt(index.row())->isRunning())
      menu.addAction(tr("Cancel"), [this, index] { jobs_->jobAt(index.row())->cancel(); });
    menu.addAction(tr("Copy"), [this, index] { copy(index.row()); });
  }
  menu.addAction(tr("Clear finished jobs"), jobs_, &JobList::clearEnded);
  menu.exec(list_->viewport()->mapToGlobal(place));
}

std::span<const JobsPanel::Key> JobsPanel::keys() {
  static const Key table[] = {
      {Qt::Key_Delete, QT_TRANSLATE_NOOP("Keys", "Cancel the job, or take it from the list"),
       [](JobsPanel& panel) { panel.endOrForget(panel.list_->currentIndex().row()); }},
      {Qt::CTRL | Qt::Key_C, QT_TRANSLATE_NOOP("Keys", "Copy the job"),
       [](JobsPanel& panel) { panel.copy(panel.list_->currentIndex().row()); }},
  };
  return table;
}

void JobsPanel::endOrForget(int row) {
  if (jobs_->jobAt(row)->isRunning())
    jobs_->jobAt(row)->cancel();
  else
    jobs_->forget(row);
}

void JobsPanel::keyPressEvent(QKeyEvent* event) {
  if (!list_->currentIndex().isValid() || !run_key(keys(), *this, *event)) QWidget::keyPressEvent(event);
}

}  // namespace lapidary::ui
