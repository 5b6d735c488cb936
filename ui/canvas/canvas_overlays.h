#pragma once

#include <QImage>
#include <QPainter>
#include <optional>

#include "ui/canvas/camera.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/document/heat.h"
#include "ui/document/theme.h"

namespace lapidary::ui {

/// What stands above the graph in the canvas' corners: zoom control, heat legend, minimap.
class CanvasOverlays {
 public:
  struct View {
    const CanvasScene& scene;
    const Camera& camera;
    const std::vector<double>& heat;
    const Heat& values;
    QRectF screen;
  };
  enum class Part { None, ZoomOut, ZoomReset, ZoomIn, Minimap };

  explicit CanvasOverlays(const Theme* theme) : theme_(theme) {}
  void paint(QPainter& painter, const View& view);
  Part partAt(const View& view, QPointF point) const;
  /// What the corners leave free at the left and right: the graph begins between them.
  QRectF freeRoom(const View& view) const;
  /// What they leave free above them.
  QRectF roomAbove(const View& view) const;
  /// The point of the scene under a point of the minimap.
  QPointF sceneAt(const View& view, QPointF point) const;
  /// The minimap's picture is drawn once and kept until the scene, its heat or the theme change.
  void forgetPicture() { picture_ = QImage(); }

 private:
  QRectF zoomControl(const View& view) const;
  QRectF legend(const View& view) const;
  QRectF minimap(const View& view) const;
  QRectF minimapContent(const View& view) const;
  void paintZoomControl(QPainter& painter, const View& view) const;
  void paintLegend(QPainter& painter, const View& view) const;
  void paintMinimap(QPainter& painter, const View& view);
  void paintPanel(QPainter& painter, const QRectF& place) const;
  QImage drawnPicture(const View& view, QSize size, double pixelRatio) const;

  const Theme* theme_;
  QImage picture_;
};

}  // namespace lapidary::ui
