#include "ui/inspector/tensor_charts.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QMimeData>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>

#include "ui/document/copy_action.h"
#include "ui/document/focus_frame.h"
#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

constexpr int margin = 16, lineHeight = 20;
constexpr int widestFigures = 360;  ///< so that a number stays near its caption

}  // namespace

HistogramView::HistogramView(Theme* theme, QWidget* parent) : QWidget(parent), theme_(theme) {
  setAccessibleName(tr("Histogram"));
  setMinimumHeight(180);
  add_copy_action(this, tr("Copy Histogram"), [this] { copy(); });
  connect(theme, &Theme::changed, this, qOverload<>(&QWidget::update));
}

void HistogramView::setStatistics(const TensorStatistics& statistics) {
  statistics_ = statistics;
  setAccessibleDescription(tr("minimum %1, maximum %2, mean %3, deviation %4")
                               .arg(statistics.minimum)
                               .arg(statistics.maximum)
                               .arg(statistics.mean)
                               .arg(statistics.deviation));
  update();
}

void HistogramView::copy() {
  QString lines = tr("from\tto\tcount\n");
  const double step = (statistics_.maximum - statistics_.minimum) / static_cast<double>(histogramBins);
  for (std::size_t i = 0; i < histogramBins; ++i) {
    const double from = statistics_.minimum + step * static_cast<double>(i);
    lines += QStringLiteral("%1\t%2\t%3\n").arg(from).arg(from + step).arg(statistics_.histogram[i]);
  }
  auto* copied = new QMimeData;
  copied->setText(lines);
  copied->setImageData(grab().toImage());
  QGuiApplication::clipboard()->setMimeData(copied);
}

void HistogramView::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const QRect inside = rect().adjusted(margin, 4, -margin, -8);
  const int figures = 4 * lineHeight;
  paintBars(&painter, QRectF(inside).adjusted(0, 0, 0, -figures - lineHeight));
  paintFigures(&painter, inside.adjusted(0, inside.height() - figures - lineHeight, 0, 0));
  paint_focus(painter, *this, *theme_);
}

void HistogramView::paintBars(QPainter* painter, const QRectF& area) const {
  const auto& histogram = statistics_.histogram;
  const auto most = static_cast<double>(*std::max_element(histogram.begin(), histogram.end()));
  if (most <= 0 || area.height() < 8) return;
  const double step = area.width() / static_cast<double>(histogram.size());
  painter->setPen(Qt::NoPen);
  painter->setBrush(theme_->colors().accent);
  for (std::size_t i = 0; i < histogram.size(); ++i) {
    if (histogram[i] == 0) continue;
    const double height = std::max(1.0, static_cast<double>(histogram[i]) / most * area.height());
    painter->drawRect(QRectF(area.left() + static_cast<double>(i) * step, area.bottom() - height,
                             std::max(1.0, step - 1), height));
  }
  painter->setPen(theme_->colors().border);
  painter->drawLine(area.bottomLeft(), area.bottomRight());
}

void HistogramView::paintFigures(QPainter* painter, const QRect& area) const {
  const TensorStatistics& s = statistics_;
  QRect line(area.left(), area.top(), area.width(), lineHeight);
  painter->setPen(theme_->colors().weakText);
  painter->drawText(line, Qt::AlignLeft | Qt::AlignVCenter, number(s.minimum));
  painter->drawText(line, Qt::AlignRight | Qt::AlignVCenter, number(s.maximum));
  const std::pair<QString, QString> figures[] = {
      {tr("mean"), number(s.mean)},
      {tr("deviation"), number(s.deviation)},
      {tr("zeros"),
       percent(s.elements > 0 ? static_cast<double>(s.zeros) / static_cast<double>(s.elements) : 0)},
      {tr("NaN · infinite"), QStringLiteral("%1 · %2").arg(s.nan).arg(s.infinite)}};
  line.setWidth(std::min(line.width(), widestFigures));
  for (const auto& [caption, value] : figures) {
    line.translate(0, lineHeight);
    painter->setPen(theme_->colors().weakText);
    painter->drawText(line, Qt::AlignLeft | Qt::AlignVCenter, caption);
    painter->setPen(theme_->colors().text);
    painter->drawText(line, Qt::AlignRight | Qt::AlignVCenter, value);
  }
}

PictureView::PictureView(Theme* theme, QWidget* parent) : QWidget(parent), theme_(theme) {
  setMinimumHeight(120);
  setMouseTracking(true);
  setAccessibleName(tr("Picture of the tensor"));
  add_copy_action(this, tr("Copy Picture"), [this] { copy(); });
}

void PictureView::setPicture(const QImage& picture, std::function<QString(QPoint)> textAt) {
  picture_ = picture;
  textAt_ = std::move(textAt);
  update();
}

void PictureView::copy() const { QGuiApplication::clipboard()->setImage(picture_); }

QRectF PictureView::place() const {
  const QSizeF room = QSizeF(size()) - QSizeF(2 * margin, 16);
  const QSizeF shown = QSizeF(picture_.size()).scaled(room, Qt::KeepAspectRatio);
  return {QPointF((width() - shown.width()) / 2, (height() - shown.height()) / 2), shown};
}

void PictureView::paintEvent(QPaintEvent*) {
  if (picture_.isNull()) return;
  QPainter painter(this);
  const QRectF shown = place();
  painter.setRenderHint(QPainter::SmoothPixmapTransform, shown.width() < picture_.width());
  painter.drawImage(shown, picture_);
  painter.setRenderHint(QPainter::Antialiasing);
  paint_focus(painter, *this, *theme_);
}

void PictureView::mouseMoveEvent(QMouseEvent* event) {
  const QRectF shown = place();
  if (picture_.isNull() || !textAt_ || !shown.contains(event->position())) return QToolTip::hideText();
  const QPointF inside = event->position() - shown.topLeft();
  const QPoint pixel(static_cast<int>(inside.x() * picture_.width() / shown.width()),
                     static_cast<int>(inside.y() * picture_.height() / shown.height()));
  QToolTip::showText(event->globalPosition().toPoint(), textAt_(pixel), this);
}

}  // namespace lapidary::ui
