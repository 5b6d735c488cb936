#include <QApplication>
#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QNativeGestureEvent>
#include <QPinchGesture>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "ui/canvas/canvas.h"

namespace lapidary::ui {
namespace {

constexpr double headerHeight = 30;

}  // namespace

bool Canvas::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    const auto* help = static_cast<QHelpEvent*>(event);
    showTip(help->globalPos(), help->pos());
    return true;
  }
  if (event->type() == QEvent::NativeGesture) {
    const auto* gesture = static_cast<QNativeGestureEvent*>(event);
    if (gesture->gestureType() == Qt::ZoomNativeGesture) {
      setCamera(camera_.scaledAround(gesture->position(), camera_.scale * (1 + gesture->value())));
      return true;
    }
  }
  if (event->type() == QEvent::Gesture) {
    if (auto* pinch =
            static_cast<QPinchGesture*>(static_cast<QGestureEvent*>(event)->gesture(Qt::PinchGesture))) {
      setCamera(camera_.scaledAround(mapFromGlobal(pinch->hotSpot()), camera_.scale * pinch->scaleFactor()));
      return true;
    }
  }
  // Tab stays the window's; the canvas' own keys come before any shortcut.
  if (event->type() == QEvent::ShortcutOverride &&
      exact_key(keys(), static_cast<QKeyEvent*>(event)->keyCombination())) {
    event->accept();
    return true;
  }
  return QWidget::event(event);
}

void Canvas::wheelEvent(QWheelEvent* event) {
  const bool touchpad = event->phase() != Qt::NoScrollPhase && !event->pixelDelta().isNull();
  const QPointF degrees = event->angleDelta();
  if (event->modifiers() & Qt::ShiftModifier) {
    pan({degrees.x() != 0 ? degrees.x() : degrees.y(), 0});
  } else if (touchpad && !(event->modifiers() & Qt::ControlModifier)) {
    pan(event->pixelDelta());
  } else if (degrees.y() != 0) {
    zoomAt(event->position(), std::pow(1.0015, degrees.y()));
  } else {
    pan({degrees.x(), 0});
  }
  event->accept();
}

bool Canvas::pressOverlay(QPointF point) {
  switch (overlays_.partAt(overlayView(), point)) {
    case CanvasOverlays::Part::None:
      return false;
    case CanvasOverlays::Part::ZoomOut:
      zoomOut();
      break;
    case CanvasOverlays::Part::ZoomReset:
      zoomToActualSize();
      break;
    case CanvasOverlays::Part::ZoomIn:
      zoomIn();
      break;
    case CanvasOverlays::Part::Minimap:
      gesture_ = Gesture::Minimap;
      pan(QRectF(rect()).center() - camera_.toScreen(overlays_.sceneAt(overlayView(), point)));
      break;
  }
  return true;
}

void Canvas::mousePressEvent(QMouseEvent* event) {
  if (event->button() == Qt::RightButton) return;
  pressed_ = last_ = event->position();
  if (event->button() == Qt::LeftButton && pressOverlay(pressed_)) return;
  gesture_ = event->button() == Qt::MiddleButton ? Gesture::Pan : Gesture::Press;
}

void Canvas::mouseMoveEvent(QMouseEvent* event) {
  const QPointF point = event->position();
  if (gesture_ == Gesture::Press && (point - pressed_).manhattanLength() >= QApplication::startDragDistance())
    startDragging(event->modifiers());
  if (gesture_ == Gesture::Pan) pan(point - last_);
  if (gesture_ == Gesture::Minimap)
    pan(QRectF(rect()).center() - camera_.toScreen(overlays_.sceneAt(overlayView(), point)));
  last_ = point;
  if (gesture_ == Gesture::Connect) connecting_.move(point);
  if (gesture_ == Gesture::Connect || gesture_ == Gesture::Lasso) update();
  if (gesture_ == Gesture::None) hover(point);
}

/// What dragging does is decided by where it began.
void Canvas::startDragging(Qt::KeyboardModifiers modifiers) {
  if (connecting_.begin(pressed_)) {
    gesture_ = Gesture::Connect;
    setCursor(Qt::CrossCursor);
  } else if (modifiers & Qt::ShiftModifier) {
    gesture_ = Gesture::Lasso;
    setCursor(Qt::CrossCursor);
  } else {
    gesture_ = Gesture::Pan;
    setCursor(Qt::ClosedHandCursor);
  }
}

void Canvas::mouseReleaseEvent(QMouseEvent* event) {
  std::optional<Port> open;
  if (gesture_ == Gesture::Connect) open = connecting_.finish();
  if (gesture_ == Gesture::Lasso) {
    last_ = event->position();
    finishLasso();
  }
  if (gesture_ == Gesture::Press) {
    const bool extend = event->modifiers() & (Qt::ShiftModifier | Qt::ControlModifier);
    const QPointF point = camera_.toScene(event->position());
    const int box = scene_.boxAt(point);
    const bool inside =
        box >= 0 && scene_.box(box).open && point.y() > scene_.rectangle(box).top() + headerHeight;
    const int curve = box < 0 || inside ? scene_.curveAt(point, 5 / camera_.scale) : -1;
    if (box >= 0 && !inside)
      select(box, extend);
    else if (curve >= 0)
      selectCurve(curve, extend);
    else if (!extend)
      document_->selection()->clear();
  }
  gesture_ = Gesture::None;
  unsetCursor();
  update();
  if (open && overlays_.partAt(overlayView(), event->position()) == CanvasOverlays::Part::None)
    Q_EMIT addWanted(event->position(), open);
}

void Canvas::mouseDoubleClickEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton || pressOverlay(event->position())) return;
  const QPointF point = camera_.toScene(event->position());
  const int box = scene_.boxAt(point);
  if (box < 0 || (scene_.box(box).open && point.y() > scene_.rectangle(box).top() + headerHeight)) return;
  toggle(box);
}

void Canvas::leaveEvent(QEvent*) {
  marks_.hoveredCurve = -1;
  document_->selection()->setHovered(nullptr);
  update();
}

void Canvas::hover(QPointF point) {
  const bool overlay = overlays_.partAt(overlayView(), point) != CanvasOverlays::Part::None;
  const int box = overlay ? -1 : scene_.boxAt(camera_.toScene(point));
  const bool solid = box >= 0 && !scene_.box(box).open;
  const int curve = overlay || solid || camera_.scale < 0.2
                        ? -1
                        : scene_.curveAt(camera_.toScene(point), 5 / camera_.scale);
  if (curve != marks_.hoveredCurve) {
    marks_.hoveredCurve = curve;
    update();
  }
  if (solid) {
    const Element element = elementOf(box);
    document_->selection()->setHovered(&element);
  } else {
    document_->selection()->setHovered(nullptr);
  }
  if (connecting_.hover(point)) {
    if (connecting_.portAt(point))
      setCursor(Qt::CrossCursor);
    else
      unsetCursor();
    update();
  }
}

void Canvas::select(int box, bool extend) {
  if (extend)
    document_->selection()->toggle(elementOf(box));
  else
    document_->selection()->select(elementOf(box));
}

void Canvas::selectCurve(int curve, bool extend) {
  const Element element =
      Element::named(scene_.curve(curve).value, scene_.box(scene_.curve(curve).from).graph);
  if (extend)
    document_->selection()->toggle(element);
  else
    document_->selection()->select(element);
}

void Canvas::toggle(int box) {
  const std::string& part = scene_.box(box).part;
  if (part.empty()) return;
  anchorId_ = scene_.box(box).id;
  const QRectF place = camera_.toScreen(scene_.rectangle(box));
  anchorPlace_ = {place.center().x(), place.top()};
  document_->toggleOpen(part);
}

void Canvas::toggleCurrent() {
  if (const int box = currentBox(); box >= 0) toggle(box);
}

void Canvas::contextMenuEvent(QContextMenuEvent* event) {
  int box = -1, curve = -1;
  if (event->reason() == QContextMenuEvent::Mouse) {
    const QPointF point = camera_.toScene(QPointF(event->pos()));
    box = scene_.boxAt(point);
    if (box < 0 || scene_.box(box).open) curve = scene_.curveAt(point, 5 / camera_.scale);
    if (box >= 0 && curve < 0 && !document_->selection()->contains(elementOf(box))) select(box, false);
  } else {
    box = currentBox();
  }
  menuPlace_ = event->reason() == QContextMenuEvent::Mouse ? QPointF(event->pos()) : QRectF(rect()).center();
  QMenu menu(this);
  fillMenu(menu, box, curve);
  menu.exec(event->globalPos());
}

}  // namespace lapidary::ui
