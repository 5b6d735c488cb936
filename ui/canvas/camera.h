#pragma once

#include <QPointF>
#include <QRectF>
#include <algorithm>

namespace lapidary::ui {

/// What part of the scene is seen: screen = scene · scale + offset.
struct Camera {
  double scale = 1;
  QPointF offset;

  QPointF toScreen(QPointF scene) const { return scene * scale + offset; }
  QPointF toScene(QPointF screen) const { return (screen - offset) / scale; }
  QRectF toScreen(const QRectF& scene) const { return {toScreen(scene.topLeft()), scene.size() * scale}; }
  QRectF toScene(const QRectF& screen) const { return {toScene(screen.topLeft()), screen.size() / scale}; }

  /// The camera at another scale with the scene under `screen` kept in place.
  Camera scaledAround(QPointF screen, double newScale) const {
    return {newScale, screen - toScene(screen) * newScale};
  }
  /// Shows all of `scene` in the middle of `screen`, at most at `largestScale`.
  static Camera fitting(const QRectF& scene, const QRectF& screen, double largestScale) {
    const double scale = std::min({largestScale, screen.width() / std::max(scene.width(), 1.0),
                                   screen.height() / std::max(scene.height(), 1.0)});
    return {scale, screen.center() - scene.center() * scale};
  }
};

}  // namespace lapidary::ui
