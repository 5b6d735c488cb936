#pragma once

#include <QHash>
#include <QPainter>
#include <QPainterPath>
#include <QStaticText>
#include <array>
#include <vector>

#include "ui/canvas/camera.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/document/theme.h"

namespace lapidary::ui {

/// How what a box shows stands to another model. A group is changed where something inside it is.
enum class BoxChange : unsigned char { None, Changed, Added, Removed };

/// What stands out in a scene, by index of boxes and curves.
struct CanvasMarks {
  std::vector<int> selected;  ///< boxes
  std::vector<int> found;     ///< boxes that a search found
  std::vector<int> path;      ///< curves to and from the selection
  int hovered = -1;           ///< box
  int hoveredCurve = -1;
  std::vector<double> heat;        ///< by box: 0 to 1 of the largest; -1 for none; empty without heat
  std::vector<QString> values;     ///< by box: "0.62 ms", or empty; none without heat
  std::vector<BoxChange> changes;  ///< by box; empty where nothing is compared
};

/// Paints scenes by level of detail: from afar filled rectangles in the colours of their kinds, nearer boxes
/// with their titles, near everything. What is drawn is gathered first and painted in batches; buffers and
/// laid-out texts live on from frame to frame.
class CanvasPainter {
 public:
  explicit CanvasPainter(const Theme* theme) : theme_(theme) {}

  /// `screen` is the visible part in pixels. With `moves`, boxes stand off their places by so much (by box),
  /// and curves are drawn with `curveOpacity`.
  void paint(QPainter& painter, const CanvasScene& scene, const Camera& camera, const QRectF& screen,
             const CanvasMarks& marks, const std::vector<QPointF>& moves = {}, double curveOpacity = 1);
  /// Forgets texts laid out for other scenes or fonts.
  void clearTexts() { texts_.clear(); }
  /// How many boxes and curves the last frame drew.
  std::size_t lastCount() const {
    return visible_.open.size() + visible_.closed.size() + visible_.curves.size();
  }

 private:
  enum class Level { Far, Middle, Near };
  struct Frame;
  void paintOpenBoxes(Frame& frame);
  void paintCurves(Frame& frame);
  void paintDistantCurves(Frame& frame);
  void paintHighlightedCurves(Frame& frame);
  void paintDistantBoxes(Frame& frame);
  void paintDistantSilhouettes(Frame& frame);
  template <class Area>
  void paintSilhouettes(Frame& frame, const std::vector<int>& boxes, Area areaOf);
  void paintBoxes(Frame& frame);
  void paintBox(Frame& frame, int box, const QRectF& rectangle);
  void paintTexts(Frame& frame);
  void paintLabel(Frame& frame, const Curve& curve, int number);
  void paintHeader(Frame& frame, int box);
  void paintBoxTexts(Frame& frame, int box);
  void paintMarks(Frame& frame);
  template <class F>
  void forEachChange(const Frame& frame, F&& paintOne);
  void paintChangeSigns(Frame& frame);
  QColor colorOf(BoxChange change) const;
  void beginCurves();
  void appendCurve(const Frame& frame, const Curve& curve);
  void appendInPieces(const Frame& frame, const std::array<QPointF, 4>& bend);
  void appendArrow(QPointF end);
  void strokeCurves(Frame& frame, const QColor& color, double width);
  const QStaticText& laidOut(Frame& frame, int number, bool bold);
  double textWidth(Frame& frame, int number, bool bold);  ///< in the scene
  void paintText(Frame& frame, int number, QPointF scenePlace, bool bold, const QColor& color);
  void paintAtRight(Frame& frame, const QString& string, QPointF sceneEnd, bool bold, const QColor& color);
  QRectF place(const Frame& frame, int box) const;

  const Theme* theme_;
  CanvasScene::Visible visible_;
  QHash<quint64, QStaticText> texts_;
  QPainterPath path_, arrows_;
  std::vector<QLineF> lines_;
  std::vector<int> silhouettes_;  ///< boxes that show theirs
  std::array<std::vector<QRectF>, 16> rectangles_;
};

}  // namespace lapidary::ui
