#include <QApplication>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QToolTip>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

#include "ui/timeline/timeline.h"
#include "ui/timeline/timeline_metrics.h"

namespace lapidary::ui {

using namespace timeline_metrics;

void Timeline::wheelEvent(QWheelEvent* event) {
  const QPoint delta = event->angleDelta();
  const bool touchpad = event->phase() != Qt::NoScrollPhase && !event->pixelDelta().isNull();
  if (touchpad && !(event->modifiers() & Qt::ControlModifier)) {
    setScroll(scroll_ - event->pixelDelta().y());
    motion_.stop();
    if (view_.pixelsPerNs > 0)
      setView({view_.begin_ns - event->pixelDelta().x() / view_.pixelsPerNs, view_.pixelsPerNs});
  } else if (event->modifiers() & Qt::ShiftModifier || std::abs(delta.x()) > std::abs(delta.y())) {
    pan(-(delta.x() != 0 ? delta.x() : delta.y()));
  } else if (event->position().x() < nameWidth) {
    setScroll(scroll_ - delta.y());  // over the rows' names
  } else {
    zoomAt(event->position().x(), std::pow(1.0015, delta.y()));
  }
  event->accept();
}

void Timeline::mousePressEvent(QMouseEvent* event) {
  motion_.stop();
  pressed_ = event->position();
  pressedView_ = view_;
  pressedScroll_ = scroll_;
  dragging_ = false;
}

void Timeline::mouseMoveEvent(QMouseEvent* event) {
  if (!(event->buttons() & Qt::LeftButton)) return hoverAt(hitAt(event->position()));
  const QPointF moved = event->position() - pressed_;
  dragging_ = dragging_ || moved.manhattanLength() >= QApplication::startDragDistance();
  if (!dragging_ || view_.pixelsPerNs <= 0) return;
  setCursor(Qt::ClosedHandCursor);
  setScroll(pressedScroll_ - static_cast<int>(moved.y()));
  setView({pressedView_.begin_ns - moved.x() / view_.pixelsPerNs, view_.pixelsPerNs});
}

void Timeline::hoverAt(const std::optional<Hit>& hit) {
  if (hit == hovered_) return;
  hovered_ = hit;
  update();
  if (!document_) return;
  const TimelineItem* item = hit ? &itemAt(*hit) : nullptr;
  const auto* nodes =
      item && item->step >= 0 ? &result_->trace.steps[static_cast<std::size_t>(item->step)].nodes : nullptr;
  const Element element = nodes && !nodes->empty() ? Element::node(nodes->front()) : Element{};
  document_->selection()->setHovered(element.index >= 0 ? &element : nullptr);
}

void Timeline::mouseReleaseEvent(QMouseEvent* event) {
  setCursor(Qt::ArrowCursor);
  if (event->button() != Qt::LeftButton || dragging_) return;
  if (const auto hit = hitAt(event->position()))
    return select(*hit, event->modifiers() & (Qt::ShiftModifier | Qt::ControlModifier));
  current_.reset();
  if (document_) document_->selection()->clear();
}

void Timeline::mouseDoubleClickEvent(QMouseEvent* event) {
  if (const auto hit = hitAt(event->position())) return zoomTo(*hit);
  showMedianRun();
}

void Timeline::zoomTo(const Hit& hit) {
  const TimelineItem& item = itemAt(hit);
  const std::int64_t margin = (item.end_ns - item.begin_ns) / 4;
  showRange(item.begin_ns - margin, item.end_ns + margin);
}

/// Where walking begins while nothing is current: the first span in sight.
std::optional<Timeline::Hit> Timeline::start() const {
  for (std::size_t r = 0; r < scene_.rows.size(); ++r) {
    const auto& items = scene_.rows[r].items;
    if (scene_.rows[r].isModules || items.empty()) continue;
    const auto first =
        std::lower_bound(items.begin(), items.end(), visibleBegin(),
                         [](const TimelineItem& item, std::int64_t time) { return item.end_ns <= time; });
    const auto at = std::min<std::ptrdiff_t>(first - items.begin(), std::ssize(items) - 1);
    return Hit{static_cast<int>(r), static_cast<int>(at)};
  }
  return {};
}

/// To the item before or after the current one on its row.
void Timeline::walk(int step, bool extend) {
  auto next = current_;
  if (next)
    next->item = std::clamp(next->item + step, 0, static_cast<int>(rowAt(next->row).items.size()) - 1);
  else
    next = start();
  if (!next) return;
  select(*next, extend);
  reveal(*next);
}

/// To what runs at the same time on the row above or below.
void Timeline::walkRows(int step, bool extend) {
  if (!current_) return walk(0, extend);
  const TimelineItem& from = itemAt(*current_);
  const std::int64_t middle = from.begin_ns + (from.end_ns - from.begin_ns) / 2;
  for (int row = current_->row + step; row >= 0 && row < static_cast<int>(scene_.rows.size()); row += step) {
    const auto& items = rowAt(row).items;
    if (items.empty()) continue;
    const auto away = [middle](const TimelineItem& item) {
      return std::max<std::int64_t>({0, item.begin_ns - middle, middle - item.end_ns});
    };
    const auto nearest =
        std::min_element(items.begin(), items.end(),
                         [&](const TimelineItem& a, const TimelineItem& b) { return away(a) < away(b); });
    const Hit next{row, static_cast<int>(nearest - items.begin())};
    select(next, extend);
    return reveal(next);
  }
}

void Timeline::walkRuns(int step) {
  if (!result_ || result_->trace.runs.empty()) return;
  const int run = shownRun(), last = static_cast<int>(result_->trace.runs.size()) - 1;
  showRun(run < 0 ? result_->trace.median_run() : std::clamp(run + step, 0, last));
}

void Timeline::leaveEvent(QEvent*) { hoverAt({}); }

void Timeline::resizeEvent(QResizeEvent* event) {
  // The visible range stays; only its scale follows the width.
  const double before = std::max(1, event->oldSize().width() - nameWidth - rightMargin);
  if (motion_.state() == QAbstractAnimation::Running) view_ = to_;  // at its end, not halfway
  motion_.stop();
  if (view_.pixelsPerNs > 0 && event->oldSize().width() > 0)
    setView({view_.begin_ns, view_.pixelsPerNs * chartWidth() / before});
  placeScrollBar();
}

bool Timeline::event(QEvent* event) {
  if (event->type() != QEvent::ToolTip) return QWidget::event(event);
  const auto* help = static_cast<QHelpEvent*>(event);
  if (const auto hit = hitAt(help->pos()))
    QToolTip::showText(help->globalPos(), describe(*hit), this);
  else
    QToolTip::hideText();
  return true;
}

}  // namespace lapidary::ui
