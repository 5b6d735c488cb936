#pragma once

#include <QPainter>
#include <memory>
#include <optional>
#include <vector>

#include "ui/document/connecting.h"

namespace lapidary::ui {

class Canvas;

/// Ports of the boxes under the pointer, and the edge that is being dragged from one of them: marks what it
/// may end at, and says why where it may not.
class CanvasConnecting {
 public:
  explicit CanvasConnecting(Canvas* canvas, Document* document) : canvas_(canvas), document_(document) {}

  /// The port at a point of the screen, of a box that is hovered or selected.
  std::optional<Port> portAt(QPointF screen) const;
  /// Where a port that is shown stands on the screen.
  std::optional<QPointF> placeOf(const Port& port) const;
  /// The pointer is there, and nothing is dragged; true if what is to be painted is another.
  bool hover(QPointF screen);
  /// Takes hold of the port there; false if there is none.
  bool begin(QPointF screen);
  bool isActive() const { return connecting_ != nullptr; }
  void move(QPointF screen);
  /// Connects with what is under the pointer, where that can be; gives the port if nothing is there.
  std::optional<Port> finish();
  void cancel();
  /// What would become of letting go now; empty where that connects, or where there is nothing.
  const QString& refusal() const { return refusal_; }
  /// What letting go now connects with.
  const std::optional<Port>& target() const { return target_; }
  void paint(QPainter& painter) const;

 private:
  struct Placed {
    Port port;
    QPointF place;  ///< on the screen
  };
  std::vector<Placed> placed(int box, bool inputs) const;
  std::vector<int> openBoxes() const;
  const std::vector<Placed>& candidates(int box) const;
  bool fits(int box) const;
  void findTarget();
  void paintPort(QPainter& painter, QPointF place, bool isMarked) const;
  void paintTargets(QPainter& painter) const;
  void paintCurve(QPainter& painter) const;
  void paintNote(QPainter& painter, const QString& note, bool isRefusal) const;

  Canvas* canvas_;
  Document* document_;
  std::unique_ptr<Connecting> connecting_;
  QPointF from_, end_;
  int fromBox_ = -1;
  bool isOverNothing_ = false;  ///< no box is under the pointer
  std::optional<Port> hovered_, target_;
  QPointF targetPlace_;
  QString refusal_;
  mutable std::vector<signed char> fits_;  ///< by box: 1 if it may be an end, 0 if not, -1 not known yet
};

}  // namespace lapidary::ui
