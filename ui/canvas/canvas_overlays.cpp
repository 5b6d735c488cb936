#include "ui/canvas/canvas_overlays.h"

#include <QApplication>
#include <QCoreApplication>
#include <algorithm>
#include <cmath>

#include "ui/document/format.h"

namespace lapidary::ui {
namespace {

constexpr double margin = 16, controlWidth = 132, controlHeight = 28, buttonWidth = 36;
constexpr double minimapWidth = 116, minimapHeight = 136;
constexpr int legendSteps = 5;
constexpr double legendStep = 18;

QString legendTitle(const Heat& heat) {
  return heat.showsErrors() ? QCoreApplication::translate("CanvasOverlays", "Error, from %1")
                                  .arg(QString::number(Heat::leastError, 'g', 2)
                                           .replace(QStringLiteral("e-0"), QStringLiteral("e-")))
                            : QCoreApplication::translate("CanvasOverlays", "Time");
}
QString legendEnd(const Heat& heat) { return heat.showsErrors() ? number(1) : milliseconds(heat.largest()); }

QFont smallFont() {
  QFont font = QApplication::font();
  font.setPixelSize(11);
  return font;
}

}  // namespace

QRectF CanvasOverlays::zoomControl(const View& view) const {
  return {view.screen.left() + margin, view.screen.bottom() - margin - controlHeight, controlWidth,
          controlHeight};
}

QRectF CanvasOverlays::minimap(const View& view) const {
  // Small windows belong to the graph.
  if (view.screen.width() < 480 || view.screen.height() < 320) return {};
  return {view.screen.right() - margin - minimapWidth, view.screen.bottom() - margin - minimapHeight,
          minimapWidth, minimapHeight};
}

QRectF CanvasOverlays::minimapContent(const View& view) const {
  const QRectF room = minimap(view).adjusted(8, 8, -8, -8);
  const QRectF scene = view.scene.bounds();
  const double scale = std::min(room.width() / scene.width(), room.height() / scene.height());
  // A tall graph would be a hairline: it is stretched in width up to a fifth of the room.
  QSizeF size = scene.size() * scale;
  size.setWidth(std::max(size.width(), room.width() / 5));
  size.setHeight(std::max(size.height(), room.height() / 5));
  return {room.center() - QPointF(size.width() / 2, size.height() / 2), size};
}

CanvasOverlays::Part CanvasOverlays::partAt(const View& view, QPointF point) const {
  if (minimap(view).contains(point)) return Part::Minimap;
  const QRectF control = zoomControl(view);
  if (!control.contains(point)) return Part::None;
  if (point.x() < control.left() + buttonWidth) return Part::ZoomOut;
  return point.x() > control.right() - buttonWidth ? Part::ZoomIn : Part::ZoomReset;
}

QPointF CanvasOverlays::sceneAt(const View& view, QPointF point) const {
  const QRectF content = minimapContent(view), scene = view.scene.bounds();
  return {(point.x() - content.left()) / content.width() * scene.width(),
          (point.y() - content.top()) / content.height() * scene.height()};
}

void CanvasOverlays::paint(QPainter& painter, const View& view) {
  painter.setRenderHint(QPainter::Antialiasing, true);
  paintZoomControl(painter, view);
  if (!view.heat.empty()) paintLegend(painter, view);
  if (!view.scene.isEmpty() && !minimap(view).isEmpty()) paintMinimap(painter, view);
}

void CanvasOverlays::paintPanel(QPainter& painter, const QRectF& place) const {
  painter.setPen(QPen(theme_->colors().border, 1));
  painter.setBrush(theme_->colors().raised);
  painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 7, 7);
}

void CanvasOverlays::paintZoomControl(QPainter& painter, const View& view) const {
  const QRectF place = zoomControl(view);
  paintPanel(painter, place);
  painter.setFont(smallFont());
  painter.setPen(theme_->colors().text);
  const QString percentage =
      QStringLiteral("%1 %").arg(view.camera.scale * 100, 0, 'f', view.camera.scale < 0.1 ? 1 : 0);
  painter.drawText(place, Qt::AlignCenter, percentage);
  painter.setPen(QPen(theme_->colors().weakText, 1.5));
  const QPointF minus(place.left() + buttonWidth / 2, place.center().y());
  const QPointF plus(place.right() - buttonWidth / 2, place.center().y());
  painter.drawLine(minus - QPointF(4, 0), minus + QPointF(4, 0));
  painter.drawLine(plus - QPointF(4, 0), plus + QPointF(4, 0));
  painter.drawLine(plus - QPointF(0, 4), plus + QPointF(0, 4));
}

/// Above the zoom control, where both take the least width from the graph.
QRectF CanvasOverlays::legend(const View& view) const {
  if (view.heat.empty()) return {};
  const QFontMetricsF metrics(smallFont());
  const double width = 12 + metrics.horizontalAdvance(legendTitle(view.values)) + 8 +
                       legendSteps * legendStep + 6 + metrics.horizontalAdvance(legendEnd(view.values)) + 12;
  const QRectF control = zoomControl(view);
  return {control.left(), control.top() - 8 - controlHeight, width, controlHeight};
}

QRectF CanvasOverlays::freeRoom(const View& view) const {
  QRectF room = view.screen.adjusted(margin, margin, -margin, -margin);
  room.setLeft(std::max(zoomControl(view).right(), legend(view).right()) + margin);
  if (!minimap(view).isEmpty()) room.setRight(minimap(view).left() - margin);
  return room;
}

QRectF CanvasOverlays::roomAbove(const View& view) const {
  QRectF room = view.screen.adjusted(margin, margin, -margin, -margin);
  for (const QRectF& panel : {zoomControl(view), legend(view), minimap(view)})
    if (!panel.isEmpty()) room.setBottom(std::min(room.bottom(), panel.top() - 8));
  return room;
}

void CanvasOverlays::paintLegend(QPainter& painter, const View& view) const {
  const QRectF place = legend(view);
  painter.setFont(smallFont());
  paintPanel(painter, place);  // a ground of its own: nodes pass beneath
  const QRectF inside = place.adjusted(12, 0, -12, 0);
  painter.setPen(theme_->colors().weakText);
  painter.drawText(inside, Qt::AlignVCenter | Qt::AlignLeft, legendTitle(view.values));
  painter.drawText(inside, Qt::AlignVCenter | Qt::AlignRight, legendEnd(view.values));
  painter.setPen(Qt::NoPen);
  double x = inside.left() + painter.fontMetrics().horizontalAdvance(legendTitle(view.values)) + 8;
  for (int step = 0; step < legendSteps; ++step, x += legendStep)
    painter.fillRect(QRectF(x, place.center().y() - 4, legendStep, 8),
                     theme_->heat(step / (legendSteps - 1.0)));
}

QImage CanvasOverlays::drawnPicture(const View& view, QSize size, double pixelRatio) const {
  QImage picture(size * pixelRatio, QImage::Format_ARGB32_Premultiplied);
  picture.fill(Qt::transparent);
  picture.setDevicePixelRatio(pixelRatio);
  QPainter painter(&picture);
  const QRectF scene = view.scene.bounds();
  const double across = size.width() / scene.width(), down = size.height() / scene.height();
  CanvasScene::Visible visible;
  view.scene.findVisible(scene, 3 / down, visible);
  const auto place = [&](int box) {
    const QRectF r = view.scene.rectangle(box);
    return QRectF(r.x() * across, r.y() * down, std::max(1.0, r.width() * across),
                  std::max(1.0, r.height() * down - 0.5));
  };
  for (const int box : visible.open) painter.fillRect(place(box), theme_->colors().field);
  for (const int box : visible.closed) {
    const double heat = view.heat.empty() ? -1 : view.heat[static_cast<std::size_t>(box)];
    painter.fillRect(place(box), heat >= 0           ? theme_->heat(heat)
                                 : view.heat.empty() ? theme_->kind(view.scene.mainKind(box))
                                                     : theme_->colors().edge);
  }
  return picture;
}

void CanvasOverlays::paintMinimap(QPainter& painter, const View& view) {
  const QRectF place = minimap(view), content = minimapContent(view);
  paintPanel(painter, place);
  const double pixelRatio = painter.device()->devicePixelRatioF();
  if (picture_.isNull() || picture_.devicePixelRatio() != pixelRatio)
    picture_ = drawnPicture(view, content.size().toSize(), pixelRatio);
  painter.drawImage(content.topLeft(), picture_);
  const QRectF seen = view.camera.toScene(view.screen), scene = view.scene.bounds();
  QRectF frame(content.left() + seen.left() / scene.width() * content.width(),
               content.top() + seen.top() / scene.height() * content.height(),
               seen.width() / scene.width() * content.width(),
               seen.height() / scene.height() * content.height());
  frame = frame.intersected(place.adjusted(3, 3, -3, -3));
  if (frame.height() < 4) frame.adjust(0, -2, 0, 2);
  painter.setPen(QPen(theme_->colors().accent, 1.5));
  painter.setBrush(Qt::NoBrush);
  painter.drawRoundedRect(frame, 2, 2);
}

}  // namespace lapidary::ui
