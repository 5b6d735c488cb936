#include "ui/timeline/timeline.h"

#include <QApplication>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QToolTip>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

#include "ui/document/format.h"
#include "ui/timeline/timeline_metrics.h"

namespace lapidary::ui {

using namespace timeline_metrics;

Timeline::Timeline(Theme* theme, QWidget* parent) : QWidget(parent), theme_(theme) {
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  setMinimumHeight(80);
  setAccessibleName(tr("Timeline"));
  connect(theme, &Theme::changed, this, qOverload<>(&QWidget::update));
}

void Timeline::setDocument(Document* document) {
  if (document_)
    disconnect(document_, nullptr, this, nullptr), disconnect(document_->selection(), nullptr, this, nullptr);
  document_ = document;
  if (document) {
    connect(document, &Document::runChanged, this, &Timeline::rebuild);
    connect(document, &Document::stateChanged, this, &Timeline::rebuild);
    connect(document->selection(), &Selection::changed, this, &Timeline::followSelection);
  }
  result_.reset();
  rebuild();
}

void Timeline::rebuild() {
  const auto result = document_ ? document_->result() : nullptr;
  if (result == result_ && result) return update();
  result_ = result;
  hovered_.reset();
  scene_ =
      result_ ? make_scene(result_->trace, *document_->model(), *document_->hierarchy()) : TimelineScene{};
  showMedianRun();
  followSelection();
}

double Timeline::chartWidth() const { return std::max(1, width() - nameWidth - rightMargin); }

std::int64_t Timeline::visibleEnd() const {
  return pixelsPerNs_ > 0 ? begin_ + static_cast<std::int64_t>(chartWidth() / pixelsPerNs_) : begin_;
}

void Timeline::showRange(std::int64_t begin_ns, std::int64_t end_ns) {
  begin_ = begin_ns;
  pixelsPerNs_ = chartWidth() / static_cast<double>(std::max<std::int64_t>(1, end_ns - begin_ns));
  clampView();
  update();
}

void Timeline::showMedianRun() {
  if (!result_ || result_->trace.runs.empty()) return update();
  const RunRange& run = result_->trace.runs[static_cast<std::size_t>(result_->trace.median_run())];
  showRange(run.begin_ns, run.end_ns);
}

void Timeline::showAll() { showRange(scene_.begin_ns, scene_.end_ns); }

void Timeline::clampView() {
  if (scene_.end_ns <= 0) return;
  const double widest = chartWidth() / static_cast<double>(scene_.end_ns);
  pixelsPerNs_ = std::clamp(pixelsPerNs_, widest, std::max(widest, 1.0));
  const auto shown = static_cast<std::int64_t>(chartWidth() / pixelsPerNs_);
  begin_ = std::clamp<std::int64_t>(begin_, 0, std::max<std::int64_t>(0, scene_.end_ns - shown));
}

void Timeline::zoomAt(double x, double factor) {
  if (pixelsPerNs_ <= 0) return;
  const double place = std::max(0.0, x - nameWidth);
  const double time = static_cast<double>(begin_) + place / pixelsPerNs_;
  pixelsPerNs_ *= factor;
  clampView();
  begin_ = static_cast<std::int64_t>(time - place / pixelsPerNs_);
  clampView();
  update();
}

void Timeline::pan(double pixels) {
  if (pixelsPerNs_ <= 0) return;
  begin_ += static_cast<std::int64_t>(pixels / pixelsPerNs_);
  clampView();
  update();
}

int Timeline::rowTop(std::size_t row) const {
  int top = axisHeight - scroll_;
  for (std::size_t i = 0; i < row; ++i)
    top += scene_.rows[i].isModules ? moduleHeight + gap : spanHeight + gap;
  return top;
}

std::optional<Timeline::Hit> Timeline::hitAt(const QPointF& point) const {
  if (!result_ || point.x() < nameWidth || point.y() < axisHeight) return {};
  for (std::size_t r = 0; r < scene_.rows.size(); ++r) {
    const TimelineRow& row = scene_.rows[r];
    const int top = rowTop(r), height = row.isModules ? moduleHeight : spanHeight;
    if (point.y() < top || point.y() >= top + height) continue;
    for (const VisibleItem& item : visible_items(row, begin_, visibleEnd(), pixelsPerNs_))
      if (point.x() - nameWidth >= item.left && point.x() - nameWidth < std::max(item.right, item.left + 2))
        return Hit{static_cast<int>(r), item.first};
  }
  return {};
}

QString Timeline::stepTitle(int step) const {
  return text(result_->trace.steps[static_cast<std::size_t>(step)].op_type);
}

QString Timeline::tooltip(const Hit& hit) const {
  const TimelineItem& item =
      scene_.rows[static_cast<std::size_t>(hit.row)].items[static_cast<std::size_t>(hit.item)];
  const QString time = milliseconds(static_cast<double>(item.end_ns - item.begin_ns) / 1e6);
  if (item.group >= 0)
    return tr("%1\n%2").arg(text(document_->hierarchy()->groups[static_cast<std::size_t>(item.group)].path),
                            time);
  const Step& step = result_->trace.steps[static_cast<std::size_t>(item.step)];
  QStringList lines{QStringLiteral("%1 · %2").arg(text(step.op_type), time), text(step.name)};
  if (!step.implementation.empty()) lines += text(step.implementation);
  if (step.flops > 0 && item.end_ns > item.begin_ns)
    lines += flopsPerSecond(step.flops / static_cast<double>(item.end_ns - item.begin_ns));
  if (!step.note.empty()) lines += text(step.note);
  return lines.join(QLatin1Char('\n'));
}

void Timeline::select(const Hit& hit, bool extend) {
  const TimelineItem& item =
      scene_.rows[static_cast<std::size_t>(hit.row)].items[static_cast<std::size_t>(hit.item)];
  std::vector<Element> elements;
  if (item.group >= 0) elements.push_back(Element::group(item.group));
  if (item.step >= 0)
    for (const int node : result_->trace.steps[static_cast<std::size_t>(item.step)].nodes)
      elements.push_back(Element::node(node));
  if (elements.empty()) return;
  if (extend) {
    const auto& before = document_->selection()->elements();
    elements.insert(elements.begin(), before.begin(), before.end());
  }
  document_->selection()->select(std::move(elements));
}

void Timeline::followSelection() {
  selectedSteps_.assign(result_ ? result_->trace.steps.size() : 0, false);
  selectedGroups_.assign(document_ && document_->hierarchy() ? document_->hierarchy()->groups.size() : 0,
                         false);
  if (!result_) return update();
  for (const Element& element : document_->selection()->elements()) {
    if (element.kind == Element::Kind::Group) selectedGroups_[static_cast<std::size_t>(element.index)] = true;
    for (const int node : document_->nodesOf(element))
      for (const int step : scene_.steps_of_node[static_cast<std::size_t>(node)])
        selectedSteps_[static_cast<std::size_t>(step)] = true;
  }
  // What is selected elsewhere is scrolled to, in the run that is shown.
  if (!hasFocus()) {
    const std::int64_t end = visibleEnd();
    std::int64_t nearest = -1;
    for (const TimelineRow& row : scene_.rows) {
      for (const TimelineItem& item : row.items) {
        if (item.step < 0 || !selectedSteps_[static_cast<std::size_t>(item.step)]) continue;
        if (item.end_ns > begin_ && item.begin_ns < end) return update();
        if (nearest < 0 || std::abs(item.begin_ns - begin_) < std::abs(nearest - begin_))
          nearest = item.begin_ns;
      }
    }
    if (nearest >= 0) begin_ = nearest - (end - begin_) / 2;
    clampView();
  }
  update();
}

// --- interaction ---

void Timeline::wheelEvent(QWheelEvent* event) {
  const QPoint delta = event->angleDelta();
  if (event->modifiers() & Qt::ShiftModifier || std::abs(delta.x()) > std::abs(delta.y()))
    pan(-(delta.x() != 0 ? delta.x() : delta.y()));
  else
    zoomAt(event->position().x(), std::pow(1.0015, delta.y()));
  event->accept();
}

void Timeline::mousePressEvent(QMouseEvent* event) {
  pressed_ = event->position();
  pressedAt_ = static_cast<double>(begin_);
  dragging_ = false;
}

void Timeline::mouseMoveEvent(QMouseEvent* event) {
  if (event->buttons() & Qt::LeftButton) {
    const QPointF moved = event->position() - pressed_;
    dragging_ = dragging_ || moved.manhattanLength() > QApplication::startDragDistance();
    if (!dragging_ || pixelsPerNs_ <= 0) return;
    begin_ = static_cast<std::int64_t>(pressedAt_ - moved.x() / pixelsPerNs_);
    clampView();
    setCursor(Qt::ClosedHandCursor);
    return update();
  }
  const auto hit = hitAt(event->position());
  if (hit == hovered_) return;
  hovered_ = hit;
  if (document_) {
    const TimelineItem* item =
        hit ? &scene_.rows[static_cast<std::size_t>(hit->row)].items[static_cast<std::size_t>(hit->item)]
            : nullptr;
    const auto* nodes =
        item && item->step >= 0 ? &result_->trace.steps[static_cast<std::size_t>(item->step)].nodes : nullptr;
    const Element element = nodes && !nodes->empty() ? Element::node(nodes->front()) : Element{};
    document_->selection()->setHovered(element.index >= 0 ? &element : nullptr);
  }
  update();
}

void Timeline::mouseReleaseEvent(QMouseEvent* event) {
  setCursor(Qt::ArrowCursor);
  if (event->button() != Qt::LeftButton || dragging_) return;
  if (const auto hit = hitAt(event->position()))
    select(*hit, event->modifiers() & (Qt::ShiftModifier | Qt::ControlModifier));
  else if (document_)
    document_->selection()->clear();
}

void Timeline::mouseDoubleClickEvent(QMouseEvent* event) {
  const auto hit = hitAt(event->position());
  if (!hit) return showMedianRun();
  const TimelineItem& item =
      scene_.rows[static_cast<std::size_t>(hit->row)].items[static_cast<std::size_t>(hit->item)];
  const std::int64_t margin = (item.end_ns - item.begin_ns) / 4;
  showRange(item.begin_ns - margin, item.end_ns + margin);
}

/// To the span before or after the selected one, on the row of the first thread.
void Timeline::walk(int step) {
  for (std::size_t r = 0; r < scene_.rows.size(); ++r) {
    const TimelineRow& row = scene_.rows[r];
    if (row.isModules || row.items.empty()) continue;
    int current = -1;
    const std::int64_t end = visibleEnd();
    for (std::size_t i = 0; i < row.items.size(); ++i) {
      const TimelineItem& item = row.items[i];
      const bool shown = item.end_ns > begin_ && item.begin_ns < end;
      if (shown && selectedSteps_[static_cast<std::size_t>(item.step)]) current = static_cast<int>(i);
      if (shown && current < 0 && step > 0) current = static_cast<int>(i) - step;
      if (current >= 0 && selectedSteps_[static_cast<std::size_t>(item.step)]) break;
    }
    const int next = std::clamp(current + step, 0, static_cast<int>(row.items.size()) - 1);
    return select({static_cast<int>(r), next}, false);
  }
}

void Timeline::keyPressEvent(QKeyEvent* event) {
  switch (event->key()) {
    case Qt::Key_Plus:
    case Qt::Key_Equal:
      return zoomAt(nameWidth + chartWidth() / 2, 1.5);
    case Qt::Key_Minus:
      return zoomAt(nameWidth + chartWidth() / 2, 1 / 1.5);
    case Qt::Key_Left:
      return event->modifiers() & Qt::ShiftModifier ? pan(-chartWidth() / 4) : walk(-1);
    case Qt::Key_Right:
      return event->modifiers() & Qt::ShiftModifier ? pan(chartWidth() / 4) : walk(1);
    case Qt::Key_Home:
      return showMedianRun();
    case Qt::Key_End:
      return showAll();
    default:
      QWidget::keyPressEvent(event);
  }
}

void Timeline::leaveEvent(QEvent*) {
  hovered_.reset();
  if (document_) document_->selection()->setHovered(nullptr);
  update();
}

void Timeline::resizeEvent(QResizeEvent* event) {
  // The visible range stays; only its scale follows the width.
  const double before = std::max(1, event->oldSize().width() - nameWidth - rightMargin);
  if (pixelsPerNs_ > 0 && event->oldSize().width() > 0) pixelsPerNs_ *= chartWidth() / before;
  clampView();
}

bool Timeline::event(QEvent* event) {
  if (event->type() != QEvent::ToolTip) return QWidget::event(event);
  const auto* help = static_cast<QHelpEvent*>(event);
  if (const auto hit = hitAt(help->pos()))
    QToolTip::showText(help->globalPos(), tooltip(*hit), this);
  else
    QToolTip::hideText();
  return true;
}

}  // namespace lapidary::ui
