#include "ui/inspector/tensor_charts.h"

#include <QClipboard>
#include <QContextMenuEvent>
#include <QGuiApplication>
#include <QMenu>
#include <QPainter>
#include <algorithm>

#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

constexpr int margin = 16, lineHeight = 20;
constexpr int widestFigures = 360;  ///< so that a number stays near its caption

}  // namespace

HistogramView::HistogramView(Theme* theme, QWidget* parent) : QWidget(parent), theme_(theme) {
  setAccessibleName(tr("Histogram"));
  setMinimumHeight(180);
  connect(theme, &Theme::changed, this, qOverload<>(&QWidget::update));
}

void HistogramView::setStatistics(const std::optional<TensorStatistics>& statistics) {
  statistics_ = statistics;
  if (statistics)
    setAccessibleDescription(tr("minimum %1, maximum %2, mean %3, deviation %4")
                                 .arg(statistics->minimum)
                                 .arg(statistics->maximum)
                                 .arg(statistics->mean)
                                 .arg(statistics->deviation));
  update();
}

void HistogramView::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const QRect inside = rect().adjusted(margin, 4, -margin, -8);
  if (!statistics_) {
    painter.setPen(theme_->colors().weakText);
    painter.drawText(inside, Qt::AlignCenter, tr("Reading the numbers…"));
    return;
  }
  const int figures = 4 * lineHeight;
  paintBars(&painter, QRectF(inside).adjusted(0, 0, 0, -figures - lineHeight));
  paintFigures(&painter, inside.adjusted(0, inside.height() - figures - lineHeight, 0, 0));
}

void HistogramView::paintBars(QPainter* painter, const QRectF& area) const {
  const auto& histogram = statistics_->histogram;
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
  const TensorStatistics& s = *statistics_;
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

PictureView::PictureView(QWidget* parent) : QWidget(parent) {
  setMinimumHeight(120);
  setAccessibleName(tr("Picture of the tensor"));
}

void PictureView::setPicture(const QImage& picture) {
  picture_ = picture;
  update();
}

void PictureView::copy() const { QGuiApplication::clipboard()->setImage(picture_); }

void PictureView::paintEvent(QPaintEvent*) {
  if (picture_.isNull()) return;
  QPainter painter(this);
  const QSizeF room = QSizeF(size()) - QSizeF(2 * margin, 16);
  QSizeF shown = QSizeF(picture_.size()).scaled(room, Qt::KeepAspectRatio);
  painter.setRenderHint(QPainter::SmoothPixmapTransform, shown.width() < picture_.width());
  painter.drawImage(QRectF(QPointF((width() - shown.width()) / 2, (height() - shown.height()) / 2), shown),
                    picture_);
}

void PictureView::contextMenuEvent(QContextMenuEvent* event) {
  QMenu menu;
  menu.addAction(tr("Copy picture"), this, &PictureView::copy);
  menu.exec(event->globalPos());
}

}  // namespace lapidary::ui
