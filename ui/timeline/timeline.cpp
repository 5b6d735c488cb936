#include "ui/timeline/timeline.h"

#include <QScrollBar>
#include <QStyle>
#include <algorithm>
#include <cmath>

#include "ui/document/format.h"
#include "ui/timeline/timeline_accessibility.h"
#include "ui/timeline/timeline_metrics.h"

namespace lapidary::ui {

using namespace timeline_metrics;

Timeline::Timeline(Theme* theme, QWidget* parent)
    : QWidget(parent), theme_(theme), scrollBar_(new QScrollBar(Qt::Vertical, this)) {
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  setMinimumHeight(80);
  setAccessibleName(tr("Timeline"));
  installTimelineAccessibility();
  motion_.setDuration(120);
  motion_.setStartValue(0.0);
  motion_.setEndValue(1.0);
  motion_.setEasingCurve(QEasingCurve::OutCubic);
  connect(&motion_, &QVariantAnimation::valueChanged, this, [this](const QVariant& value) {
    const double t = value.toDouble();
    const double scale = from_.pixelsPerNs * std::pow(to_.pixelsPerNs / from_.pixelsPerNs, t);
    const double begin = anchor_ >= 0 ? from_.begin_ns + anchor_ / from_.pixelsPerNs - anchor_ / scale
                                      : from_.begin_ns + (to_.begin_ns - from_.begin_ns) * t;
    setView({begin, scale});
  });
  connect(&motion_, &QVariantAnimation::finished, this, [this] { setView(to_); });
  scrollBar_->hide();
  scrollBar_->setSingleStep(spanHeight + gap);
  connect(scrollBar_, &QScrollBar::valueChanged, this, &Timeline::setScroll);
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
  current_.reset();
  motion_.stop();
  view_ = {};
  scene_ =
      result_ ? make_scene(result_->trace, *document_->model(), *document_->hierarchy()) : TimelineScene{};
  placeScrollBar();
  showMedianRun();
  followSelection();
  Q_EMIT viewChanged();
}

// --- the view ---

double Timeline::chartWidth() const { return std::max(1, width() - nameWidth - rightMargin); }

std::int64_t Timeline::visibleEnd() const {
  return view_.pixelsPerNs > 0 ? static_cast<std::int64_t>(view_.begin_ns + chartWidth() / view_.pixelsPerNs)
                               : visibleBegin();
}

bool Timeline::moves() const {
  return animated_ && isVisible() && view_.pixelsPerNs > 0 &&
         style()->styleHint(QStyle::SH_Widget_Animation_Duration, nullptr, this) > 0;
}

TimelineView Timeline::bounded(TimelineView view) const {
  if (scene_.end_ns <= 0) return {};
  const auto end = static_cast<double>(scene_.end_ns);
  const double widest = chartWidth() / end;
  view.pixelsPerNs = std::clamp(view.pixelsPerNs, widest, std::max(widest, 1.0));
  view.begin_ns = std::clamp(view.begin_ns, 0.0, std::max(0.0, end - chartWidth() / view.pixelsPerNs));
  return view;
}

void Timeline::setView(const TimelineView& view) {
  view_ = bounded(view);
  update();
  Q_EMIT viewChanged();
}

void Timeline::moveTo(const TimelineView& target) {
  motion_.stop();
  anchor_ = -1;
  if (!moves()) return setView(target);
  from_ = view_;
  to_ = bounded(target);
  motion_.start();
}

void Timeline::showRange(std::int64_t begin_ns, std::int64_t end_ns) {
  const auto length = static_cast<double>(std::max<std::int64_t>(1, end_ns - begin_ns));
  moveTo({static_cast<double>(begin_ns), chartWidth() / length});
}

void Timeline::showRun(int run) {
  if (!result_ || run < 0 || run >= static_cast<int>(result_->trace.runs.size())) return update();
  const RunRange& range = result_->trace.runs[static_cast<std::size_t>(run)];
  showRange(range.begin_ns, range.end_ns);
}

void Timeline::showMedianRun() {
  if (result_) showRun(result_->trace.median_run());
}

void Timeline::showAll() { showRange(scene_.begin_ns, scene_.end_ns); }

int Timeline::shownRun() const {
  if (!result_ || view_.pixelsPerNs <= 0) return -1;
  const auto& runs = result_->trace.runs;
  const std::int64_t begin = visibleBegin(), end = visibleEnd(), middle = begin + (end - begin) / 2;
  int shown = -1, seen = 0;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    const std::int64_t inside = std::min(end, runs[r].end_ns) - std::max(begin, runs[r].begin_ns);
    // A neighbour that only looks in does not count.
    if (inside * 4 > runs[r].end_ns - runs[r].begin_ns) ++seen;
    if (runs[r].begin_ns <= middle && middle < runs[r].end_ns) shown = static_cast<int>(r);
  }
  return seen > 1 ? -1 : shown;
}

void Timeline::zoomAt(double x, double factor) {
  if (view_.pixelsPerNs <= 0) return;
  const double place = std::clamp(x - nameWidth, 0.0, chartWidth());
  const bool underWay = motion_.state() == QAbstractAnimation::Running && anchor_ >= 0;
  const double wanted = (underWay ? to_.pixelsPerNs : view_.pixelsPerNs) * factor;
  const double scale = bounded({view_.begin_ns, wanted}).pixelsPerNs;
  const TimelineView target{view_.begin_ns + place / view_.pixelsPerNs - place / scale, scale};
  moveTo(target);
  if (motion_.state() == QAbstractAnimation::Running) anchor_ = place;
}

void Timeline::pan(double pixels) {
  if (view_.pixelsPerNs <= 0) return;
  const bool underWay = motion_.state() == QAbstractAnimation::Running && anchor_ < 0;
  const TimelineView start = underWay ? to_ : view_;
  moveTo({start.begin_ns + pixels / start.pixelsPerNs, start.pixelsPerNs});
}

// --- rows ---

int Timeline::rowHeight(std::size_t row) const {
  return scene_.rows[row].isModules ? moduleHeight : spanHeight;
}

int Timeline::rowTop(std::size_t row) const {
  int top = axisHeight - scroll_;
  for (std::size_t i = 0; i < row; ++i) top += rowHeight(i) + gap;
  return top;
}

int Timeline::contentHeight() const {
  const int memory = result_ && !result_->trace.memory.empty() ? memoryHeight + gap : 0;
  return rowTop(scene_.rows.size()) + scroll_ + memory;
}

void Timeline::setScroll(int scroll) {
  scroll = std::clamp(scroll, 0, std::max(0, contentHeight() - height()));
  if (scroll == scroll_) return;
  scroll_ = scroll;
  scrollBar_->setValue(scroll);
  update();
}

void Timeline::placeScrollBar() {
  const int hidden = std::max(0, contentHeight() - height());
  scrollBar_->setVisible(hidden > 0);
  scrollBar_->setGeometry(width() - scrollBarWidth, axisHeight, scrollBarWidth, height() - axisHeight);
  scrollBar_->setPageStep(height() - axisHeight);
  scrollBar_->setRange(0, hidden);
  setScroll(std::min(scroll_, hidden));
}

QRectF Timeline::placeOf(int row, int item) const {
  const TimelineItem& shown = itemAt({row, item});
  const double left = nameWidth + (static_cast<double>(shown.begin_ns) - view_.begin_ns) * view_.pixelsPerNs;
  const double right = nameWidth + (static_cast<double>(shown.end_ns) - view_.begin_ns) * view_.pixelsPerNs;
  const auto r = static_cast<std::size_t>(row);
  const QRectF place(left, rowTop(r), std::max(1.0, right - left), rowHeight(r));
  return place.intersected(QRectF(nameWidth, axisHeight, chartWidth(), height() - axisHeight));
}

std::optional<Timeline::Hit> Timeline::hitAt(const QPointF& point) const {
  if (!result_ || point.x() < nameWidth || point.y() < axisHeight) return {};
  const double x = point.x() - nameWidth;
  for (std::size_t r = 0; r < scene_.rows.size(); ++r) {
    const int top = rowTop(r);
    if (point.y() < top || point.y() >= top + rowHeight(r)) continue;
    for (const VisibleItem& item :
         visible_items(scene_.rows[r], visibleBegin(), visibleEnd(), view_.pixelsPerNs))
      if (x >= item.left && x < std::max(item.right, item.left + 2))
        return Hit{static_cast<int>(r), item.first};
  }
  return {};
}

/// Brings an item into sight, without moving more than needed.
void Timeline::reveal(const Hit& hit) {
  const auto row = static_cast<std::size_t>(hit.row);
  const int top = rowTop(row);
  if (top < axisHeight)
    setScroll(scroll_ + top - axisHeight);
  else if (top + rowHeight(row) > height())
    setScroll(scroll_ + top + rowHeight(row) - height());
  const TimelineItem& item = itemAt(hit);
  if (item.begin_ns >= visibleBegin() && item.end_ns <= visibleEnd()) return;
  const double shown = chartWidth() / view_.pixelsPerNs;
  const double middle = static_cast<double>(item.begin_ns + item.end_ns) / 2;
  // What is longer than the view stays where any of it is seen.
  if (static_cast<double>(item.end_ns - item.begin_ns) > shown && item.end_ns > visibleBegin() &&
      item.begin_ns < visibleEnd())
    return;
  moveTo({middle - shown / 2, view_.pixelsPerNs});
}

// --- selection ---

std::vector<Element> Timeline::elementsOf(const Hit& hit) const {
  const TimelineItem& item = itemAt(hit);
  std::vector<Element> elements;
  if (item.group >= 0) elements.push_back(Element::group(item.group));
  if (item.step >= 0)
    for (const int node : result_->trace.steps[static_cast<std::size_t>(item.step)].nodes)
      elements.push_back(Element::node(node));
  return elements;
}

void Timeline::select(const Hit& hit, bool extend) {
  current_ = hit;
  setAccessibleDescription(describe(hit));
  announceCurrent(this);
  std::vector<Element> elements = elementsOf(hit);
  update();
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
  update();
  if (!result_) return;
  for (const Element& element : document_->selection()->elements()) {
    if (element.kind == Element::Kind::Group) selectedGroups_[static_cast<std::size_t>(element.index)] = true;
    for (const int node : document_->nodesOf(element))
      for (const int step : scene_.steps_of_node[static_cast<std::size_t>(node)])
        selectedSteps_[static_cast<std::size_t>(step)] = true;
  }
  if (!hasFocus()) scrollToSelection();
}

/// What is selected elsewhere comes into sight, in the run that is shown, and keys go on from there.
void Timeline::scrollToSelection() {
  std::optional<Hit> nearest;
  const std::int64_t begin = visibleBegin(), end = visibleEnd();
  const auto away = [&](const TimelineItem& item) {
    return std::max<std::int64_t>({0, begin - item.end_ns, item.begin_ns - end});
  };
  for (std::size_t r = 0; r < scene_.rows.size(); ++r) {
    const auto& items = scene_.rows[r].items;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const bool selected = items[i].step >= 0 && selectedSteps_[static_cast<std::size_t>(items[i].step)];
      if (selected && (!nearest || away(items[i]) < away(itemAt(*nearest))))
        nearest = Hit{static_cast<int>(r), static_cast<int>(i)};
    }
  }
  current_ = nearest;
  if (nearest) reveal(*nearest);
}

QString Timeline::stepTitle(int step) const {
  return text(result_->trace.steps[static_cast<std::size_t>(step)].op_type);
}

QString Timeline::describe(const Hit& hit) const {
  const TimelineItem& item = itemAt(hit);
  const QString time = milliseconds(static_cast<double>(item.end_ns - item.begin_ns) / 1e6);
  if (item.group >= 0)
    return tr("%1\n%2").arg(text(document_->hierarchy()->groups[static_cast<std::size_t>(item.group)].path),
                            time);
  const Step& step = result_->trace.steps[static_cast<std::size_t>(item.step)];
  QStringList lines{QStringLiteral("%1 · %2").arg(text(step.op_type), time), text(step.name)};
  const auto& operators = result_->summary.operators;
  const auto row = std::find_if(operators.begin(), operators.end(),
                                [&](const OperatorTime& one) { return one.step == item.step; });
  if (row != operators.end() && result_->trace.runs.size() > 1)
    lines += tr("median of %n runs: %1 (%2 to %3)", nullptr, static_cast<int>(result_->trace.runs.size()))
                 .arg(millisecondsWithSpread(row->total_ms, row->deviation_ms), milliseconds(row->minimum_ms),
                      milliseconds(row->maximum_ms));
  if (!step.implementation.empty()) lines += text(step.implementation);
  if (step.flops > 0 && item.end_ns > item.begin_ns)
    lines += flopsPerSecond(step.flops / static_cast<double>(item.end_ns - item.begin_ns));
  if (!step.note.empty()) lines += text(step.note);
  return lines.join(QLatin1Char('\n'));
}

}  // namespace lapidary::ui
