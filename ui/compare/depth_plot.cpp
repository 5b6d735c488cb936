#include "ui/compare/depth_plot.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "ui/compare/comparing_runs.h"
#include "ui/compare/tensors_model.h"
#include "ui/document/focus_frame.h"
#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

constexpr int margin = 16, scaleWidth = 44, captionHeight = 20;
constexpr double smallest = -9, largest = 1;  ///< powers of ten at the ends of the scale

}  // namespace

DepthPlot::DepthPlot(Theme* theme, QWidget* parent) : QWidget(parent), theme_(theme) {
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  setMinimumHeight(96);
  setAccessibleName(tr("Errors along the model"));
  connect(theme, &Theme::changed, this, qOverload<>(&QWidget::update));
}

void DepthPlot::setResult(std::shared_ptr<const RunComparison> result) {
  result_ = std::move(result);
  marked_.clear();
  update();
}

void DepthPlot::setMarked(std::vector<int> rows) {
  marked_ = std::move(rows);
  update();
}

QRectF DepthPlot::area() const { return QRectF(rect()).adjusted(scaleWidth, captionHeight + 4, -margin, -8); }

double DepthPlot::x(std::size_t row) const {
  const std::size_t count = result_->tensors.size();
  return area().left() + (static_cast<double>(row) + 0.5) / static_cast<double>(count) * area().width();
}

double DepthPlot::y(double error) const {
  const double power = error > 0 ? std::log10(error) : smallest;
  const double share = (std::clamp(power, smallest, largest) - smallest) / (largest - smallest);
  return area().bottom() - share * area().height();
}

int DepthPlot::rowAt(double at) const {
  if (!result_ || result_->tensors.empty()) return -1;
  const auto count = static_cast<double>(result_->tensors.size());
  const double row = std::floor((at - area().left()) / area().width() * count);
  return static_cast<int>(std::clamp(row, 0.0, count - 1));
}

void DepthPlot::paintScale(QPainter& painter) const {
  const ThemeColors& colors = theme_->colors();
  painter.setPen(colors.weakText);
  painter.drawText(QRectF(margin, 2, width() - 2 * margin, captionHeight), Qt::AlignVCenter | Qt::AlignLeft,
                   painter.fontMetrics().elidedText(
                       tr("Relative error in the order of the model · bars: the operator's own"),
                       Qt::ElideRight, width() - 2 * margin));
  for (int power = -8; power <= 0; power += 4) {
    const double line = std::round(y(std::pow(10.0, power))) + 0.5;
    painter.setPen(colors.border);
    painter.drawLine(QPointF(area().left(), line), QPointF(area().right(), line));
    painter.setPen(colors.weakText);
    painter.drawText(QRectF(0, line - 8, scaleWidth - 6, 16), Qt::AlignVCenter | Qt::AlignRight,
                     power == 0 ? QStringLiteral("1") : QStringLiteral("1e%1").arg(power));
  }
}

void DepthPlot::paintErrors(QPainter& painter) const {
  const double bar = std::clamp(area().width() / static_cast<double>(result_->tensors.size()), 1.0, 6.0);
  QPolygonF line;
  for (std::size_t row = 0; row < result_->tensors.size(); ++row) {
    const ComparedTensor& tensor = result_->tensors[row];
    if (tensor.local && !tensor.local->identical) {
      const double top = y(tensor.local->relative_to_scale());
      painter.fillRect(QRectF(x(row) - bar / 2, top, bar, area().bottom() - top),
                       theme_->heat(tensor.local_parts ? 1 : 0.35));
    }
    if (const double error = ComparingRuns::errorOf(tensor); error >= 0) line << QPointF(x(row), y(error));
  }
  painter.setPen(QPen(theme_->colors().accent, 1.2));
  painter.setBrush(Qt::NoBrush);
  painter.drawPolyline(line);
  for (const int row : marked_) {
    const double error = ComparingRuns::errorOf(result_->tensors[static_cast<std::size_t>(row)]);
    painter.setPen(theme_->colors().text);
    painter.drawLine(QPointF(x(static_cast<std::size_t>(row)), area().top()),
                     QPointF(x(static_cast<std::size_t>(row)), area().bottom()));
    painter.setBrush(theme_->colors().text);
    painter.drawEllipse(QPointF(x(static_cast<std::size_t>(row)), y(std::max(error, 0.0))), 3, 3);
  }
}

void DepthPlot::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  if (!result_ || result_->tensors.empty()) return;
  paintScale(painter);
  paintErrors(painter);
  paint_focus(painter, *this, *theme_);
}

void DepthPlot::mousePressEvent(QMouseEvent* event) {
  if (const int row = rowAt(event->position().x()); row >= 0) Q_EMIT clicked(row);
}

void DepthPlot::mouseMoveEvent(QMouseEvent* event) {
  const int row = rowAt(event->position().x());
  if (row < 0) return;
  const ComparedTensor& tensor = result_->tensors[static_cast<std::size_t>(row)];
  QString tip = text(tensor.pair.a) + QLatin1Char('\n') + verdict(tensor);
  if (const double error = ComparingRuns::errorOf(tensor); error >= 0)
    tip += QStringLiteral(" · ") + number(error);
  QToolTip::showText(event->globalPosition().toPoint(), tip, this);
}

void DepthPlot::keyPressEvent(QKeyEvent* event) {
  const int step = event->key() == Qt::Key_Left ? -1 : event->key() == Qt::Key_Right ? 1 : 0;
  if (step == 0 || !result_ || result_->tensors.empty()) return QWidget::keyPressEvent(event);
  const int last = static_cast<int>(result_->tensors.size()) - 1;
  Q_EMIT clicked(std::clamp((marked_.empty() ? -1 : marked_.front()) + step, 0, last));
}

}  // namespace lapidary::ui
