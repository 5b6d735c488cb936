#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <cmath>

#include "ui/document/format.h"
#include "ui/timeline/timeline.h"
#include "ui/timeline/timeline_metrics.h"

namespace lapidary::ui {

using namespace timeline_metrics;

namespace {

constexpr double ticksApart = 90;  ///< pixels, at least

/// 1, 2 or 5 times a power of ten, not below `least`.
double roundStep(double least) {
  const double power = std::pow(10.0, std::floor(std::log10(std::max(least, 1.0))));
  for (const double factor : {1.0, 2.0, 5.0, 10.0})
    if (factor * power >= least) return factor * power;
  return 10 * power;
}

/// A time in the unit of the axis's steps, so that neighbours read alike.
QString axisLabel(double ns, double step) {
  const bool micro = step < 100'000;
  return QString::number(ns / (micro ? 1e3 : 1e6), 'g', 6) + QChar(0x202f) +
         (micro ? QStringLiteral("µs") : QStringLiteral("ms"));
}

}  // namespace

void Timeline::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.fillRect(rect(), theme_->colors().surface);
  if (!result_) return;
  painter.setRenderHint(QPainter::Antialiasing);
  paintAxis(painter);
  painter.setClipRect(0, axisHeight, width(), height() - axisHeight);  // rows scroll beneath the axis
  for (std::size_t row = 0; row < scene_.rows.size(); ++row) paintRow(painter, row);
  if (!result_->trace.memory.empty()) paintMemory(painter, rowTop(scene_.rows.size()));
  if (hasFocus() && current_) paintCurrent(painter);
}

/// Where the keyboard is: around everything else, so that it is seen on any colour.
void Timeline::paintCurrent(QPainter& painter) const {
  const QRectF place = placeOf(current_->row, current_->item);
  if (place.isEmpty()) return;
  painter.setPen(QPen(theme_->colors().accent, 2));
  painter.setBrush(Qt::NoBrush);
  painter.drawRoundedRect(place.adjusted(-2, -2, 2, 2), 4, 4);
}

void Timeline::paintAxis(QPainter& painter) const {
  const ThemeColors& colors = theme_->colors();
  const double step = roundStep(ticksApart / view_.pixelsPerNs);
  // Times count from the begin of the run that the view begins in.
  std::int64_t origin = 0;
  for (const RunRange& run : result_->trace.runs)
    if (run.begin_ns <= visibleBegin() + static_cast<std::int64_t>(2 / view_.pixelsPerNs))
      origin = run.begin_ns;
  const double offset = static_cast<double>(origin) - view_.begin_ns;
  const auto first = static_cast<std::int64_t>(std::ceil(-offset / step));
  for (std::int64_t tick = first;; ++tick) {
    const double x = nameWidth + (static_cast<double>(tick) * step + offset) * view_.pixelsPerNs;
    if (x > width() - rightMargin) break;
    painter.setPen(colors.border);
    painter.drawLine(QPointF(x, axisHeight), QPointF(x, height()));
    painter.setPen(colors.weakText);
    const QString label = axisLabel(static_cast<double>(tick) * step, step);
    if (x + 4 + fontMetrics().horizontalAdvance(label) < width())
      painter.drawText(QRectF(x + 4, 0, ticksApart, axisHeight), Qt::AlignVCenter, label);
  }
}

void Timeline::paintRow(QPainter& painter, std::size_t index) const {
  const TimelineRow& row = scene_.rows[index];
  const int top = rowTop(index);
  if (top > height() || top + rowHeight(index) < axisHeight) return;
  painter.setPen(theme_->colors().weakText);
  painter.drawText(QRect(16, top, nameWidth - 20, row.isModules ? moduleHeight : spanHeight),
                   Qt::AlignVCenter, row.name);
  painter.save();
  painter.setClipRect(QRect(nameWidth, axisHeight, width() - nameWidth, height() - axisHeight));
  if (row.isModules)
    paintModules(painter, row, top);
  else
    paintSpans(painter, row, index, top);
  painter.restore();
}

void Timeline::paintModules(QPainter& painter, const TimelineRow& row, int top) const {
  const ThemeColors& colors = theme_->colors();
  QFont bold = font();
  bold.setWeight(QFont::DemiBold);
  painter.setFont(bold);
  const QFontMetrics metrics(bold);
  for (const VisibleItem& shown : visible_items(row, visibleBegin(), visibleEnd(), view_.pixelsPerNs)) {
    const TimelineItem& item = row.items[static_cast<std::size_t>(shown.first)];
    const bool selected = selectedGroups_[static_cast<std::size_t>(item.group)];
    const QRectF box(nameWidth + shown.left, top, std::max(1.0, shown.right - shown.left - 1), moduleHeight);
    painter.setPen(selected ? QPen(colors.accent, 2) : QPen(Qt::NoPen));
    painter.setBrush(colors.field);
    painter.drawRoundedRect(box, 3, 3);
    // The name stays in sight while any of its module is.
    const QRectF inside =
        box.intersected(QRectF(nameWidth, top, chartWidth(), moduleHeight)).adjusted(6, 0, -6, 0);
    if (inside.width() < 24) continue;
    painter.setPen(colors.text);
    const QString name = text(document_->hierarchy()->groups[static_cast<std::size_t>(item.group)].name);
    painter.drawText(inside, Qt::AlignCenter,
                     metrics.elidedText(name, Qt::ElideRight, static_cast<int>(inside.width())));
  }
  painter.setFont(font());
}

QColor Timeline::groundOf(OperatorKind kind, bool dimmed, const Theme& theme) {
  // A shade deeper than the canvas's stripes, so that names stand out on it.
  const QColor full = theme.kind(kind).darker(112), behind = theme.colors().surface;
  const double share = dimmed ? 0.45 : 1;
  const auto mix = [share](int front, int back) { return qRound(front * share + back * (1 - share)); };
  return {mix(full.red(), behind.red()), mix(full.green(), behind.green()), mix(full.blue(), behind.blue())};
}

void Timeline::paintSpans(QPainter& painter, const TimelineRow& row, std::size_t index, int top) const {
  const ThemeColors& colors = theme_->colors();
  const bool anySelected =
      std::find(selectedSteps_.begin(), selectedSteps_.end(), true) != selectedSteps_.end();
  for (const VisibleItem& shown : visible_items(row, visibleBegin(), visibleEnd(), view_.pixelsPerNs)) {
    bool selected = false;
    for (int i = shown.first; i <= shown.last && !selected && anySelected; ++i)
      selected = selectedSteps_[static_cast<std::size_t>(row.items[static_cast<std::size_t>(i)].step)];
    const int step = row.items[static_cast<std::size_t>(shown.first)].step;
    const QColor ground =
        groundOf(scene_.kind_of_step[static_cast<std::size_t>(step)], anySelected && !selected, *theme_);
    const QRectF box(nameWidth + shown.left, top, std::max(1.0, shown.right - shown.left - 0.75), spanHeight);
    if (box.width() < 4) {
      painter.fillRect(box, ground);
      continue;
    }
    const bool hovered =
        hovered_ && hovered_->row == static_cast<int>(index) && hovered_->item == shown.first;
    painter.setPen(selected ? QPen(colors.text, 1.6) : hovered ? QPen(colors.text, 1) : QPen(Qt::NoPen));
    painter.setBrush(ground);
    painter.drawRoundedRect(box, 3, 3);
    const QRectF inside =
        box.intersected(QRectF(nameWidth, top, chartWidth(), spanHeight)).adjusted(6, 0, -4, 0);
    if (inside.width() < 34 || shown.first != shown.last) continue;
    painter.setPen(Theme::textOn(ground));
    painter.drawText(
        inside, Qt::AlignVCenter | Qt::AlignLeft,
        fontMetrics().elidedText(stepTitle(step), Qt::ElideRight, static_cast<int>(inside.width())));
  }
}

void Timeline::paintMemory(QPainter& painter, int top) const {
  const auto& samples = result_->trace.memory;
  const auto peak = std::max_element(samples.begin(), samples.end(), [](const auto& a, const auto& b) {
                      return a.bytes < b.bytes;
                    })->bytes;
  if (peak <= 0 || top > height()) return;
  painter.setPen(theme_->colors().weakText);
  painter.drawText(QRect(16, top, nameWidth - 20, memoryHeight), Qt::AlignVCenter, tr("Arena"));
  painter.save();
  painter.setClipRect(QRect(nameWidth, axisHeight, width() - nameWidth, height() - axisHeight));
  const auto before = [](const MemorySample& sample, std::int64_t time) { return sample.time_ns < time; };
  auto sample = std::lower_bound(samples.begin(), samples.end(), visibleBegin(), before);
  if (sample != samples.begin()) --sample;
  QPainterPath path;
  double lastX = -1, bottom = top + memoryHeight;
  path.moveTo(nameWidth, bottom);
  double y = bottom;
  for (; sample != samples.end() && sample->time_ns < visibleEnd(); ++sample) {
    const double x = nameWidth + (static_cast<double>(sample->time_ns) - view_.begin_ns) * view_.pixelsPerNs;
    const double level =
        bottom - static_cast<double>(sample->bytes) / static_cast<double>(peak) * memoryHeight;
    // Of the samples within one pixel the highest stands.
    if (x - lastX < 1 && level >= y) continue;
    path.lineTo(x, y);
    path.lineTo(x, level);
    lastX = x;
    y = level;
  }
  path.lineTo(width(), y);
  path.lineTo(width(), bottom);
  QColor ground = theme_->kind(OperatorKind::Normalization);
  ground.setAlphaF(0.35f);
  painter.fillPath(path, ground);
  painter.setPen(theme_->colors().text);
  painter.drawText(QRectF(nameWidth + 4, top, 200, 16), Qt::AlignVCenter,
                   tr("peak %1").arg(bytes(static_cast<double>(peak))));
  painter.restore();
}

}  // namespace lapidary::ui
