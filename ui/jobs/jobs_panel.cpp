#include "ui/jobs/jobs_panel.h"

#include <QKeyEvent>
#include <QLabel>
#include <QListView>
#include <QMouseEvent>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>
#include <cmath>

#include "ui/jobs/job_list.h"

namespace lapidary::ui {

namespace {

constexpr int barWidth = 160;

/// Title and state in a line, with a bar and a cross while the job runs, or the error beneath.
class JobDelegate : public QStyledItemDelegate {
 public:
  JobDelegate(JobList* jobs, QObject* parent) : QStyledItemDelegate(parent), jobs_(jobs) {}

  QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex& index) const override {
    return {200, index.data(JobList::ErrorRole).toString().isEmpty() ? 28 : 48};
  }

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const Job* job = jobs_->jobAt(index.row());
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    if (option.state & QStyle::State_Selected) painter->fillRect(option.rect, option.palette.alternateBase());
    const QRect line(option.rect.left() + 16, option.rect.top(), option.rect.width() - 32, 28);
    const QColor weak = option.palette.color(QPalette::PlaceholderText);
    const QRect state(line.right() - barWidth - 120, line.top(), 112, line.height());
    painter->setPen(option.palette.color(QPalette::Text));
    painter->drawText(
        line.adjusted(0, 0, -barWidth - 130, 0), Qt::AlignVCenter,
        option.fontMetrics.elidedText(job->title(), Qt::ElideMiddle, state.left() - line.left() - 8));
    painter->setPen(job->state() == Job::State::Failed ? option.palette.color(QPalette::BrightText) : weak);
    painter->drawText(state, Qt::AlignVCenter | Qt::AlignRight, stateText(*job));
    if (job->isRunning())
      paintBar(painter, *job, QRectF(line.right() - barWidth + 8, line.center().y() - 1, barWidth - 40, 4),
               option.palette);
    if (job->isRunning()) paintCross(painter, crossOf(option.rect), weak);
    if (job->error()) {
      painter->setPen(weak);
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

  static void paintBar(QPainter* painter, const Job& job, const QRectF& bar, const QPalette& palette) {
    painter->setPen(Qt::NoPen);
    painter->setBrush(palette.color(QPalette::Mid));
    painter->drawRoundedRect(bar, 2, 2);
    painter->setBrush(palette.color(QPalette::Highlight));
    painter->drawRoundedRect(
        QRectF(bar.topLeft(), QSizeF(bar.width() * std::max(0.02, job.progress()), bar.height())), 2, 2);
  }

  static void paintCross(QPainter* painter, const QRect& cross, const QColor& color) {
    const QPointF center = QRectF(cross).center();
    painter->setPen(QPen(color, 1.4, Qt::SolidLine, Qt::RoundCap));
    painter->drawLine(center + QPointF(-4, -4), center + QPointF(4, 4));
    painter->drawLine(center + QPointF(-4, 4), center + QPointF(4, -4));
  }

  static QString stateText(const Job& job) {
    const QString took = JobsPanel::tr("%1 ms").arg(job.elapsedMilliseconds());
    switch (job.state()) {
      case Job::State::Running:
        return job.progress() < 0 ? JobsPanel::tr("running")
                                  : JobsPanel::tr("%1 %").arg(std::lround(job.progress() * 100));
      case Job::State::Done:
        return took;
      case Job::State::Failed:
        return JobsPanel::tr("failed");
      case Job::State::Cancelled:
        return JobsPanel::tr("cancelled");
    }
    return {};
  }

  JobList* jobs_;
};

}  // namespace

JobsPanel::JobsPanel(JobList* jobs, QWidget* parent) : QWidget(parent), jobs_(jobs), list_(new QListView) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  auto* empty = new QLabel(tr("Jobs that run in the background are listed here"));
  empty->setAlignment(Qt::AlignCenter);
  empty->setProperty("role", QStringLiteral("weak"));
  empty_ = empty;
  column->addWidget(empty_);
  column->addWidget(list_);
  list_->setModel(jobs);
  list_->setItemDelegate(new JobDelegate(jobs, list_));
  list_->setAccessibleName(tr("Jobs"));
  connect(jobs, &JobList::activityChanged, this, &JobsPanel::updateEmpty);
  updateEmpty();
}

void JobsPanel::updateEmpty() {
  empty_->setVisible(jobs_->rowCount() == 0);
  list_->setVisible(jobs_->rowCount() != 0);
}

void JobsPanel::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Delete && list_->currentIndex().isValid())
    jobs_->jobAt(list_->currentIndex().row())->cancel();
  else
    QWidget::keyPressEvent(event);
}

}  // namespace lapidary::ui
