#pragma once

#include <QElapsedTimer>
#include <QVariantAnimation>
#include <QWidget>
#include <map>
#include <optional>

#include "ui/canvas/camera.h"
#include "ui/canvas/canvas_connecting.h"
#include "ui/canvas/canvas_overlays.h"
#include "ui/canvas/canvas_painter.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/document/document.h"
#include "ui/document/element_edits.h"
#include "ui/document/view_keys.h"

class QMenu;

namespace lapidary::ui {

/// The graph of a document: one painted widget. The wheel zooms at the pointer, dragging pans, a click
/// selects, a double click or Enter opens and closes; arrow keys walk along edges. Dragging from a port
/// connects, and with Shift draws a rubber band around what is to be selected.
class Canvas : public QWidget {
  Q_OBJECT

 public:
  explicit Canvas(Document* document, QWidget* parent = nullptr);

  const CanvasScene& scene() const { return scene_; }
  const Camera& camera() const { return camera_; }
  void setCamera(const Camera& camera);
  /// The last frame's work, for measurements: boxes and curves painted.
  std::size_t lastCount() const { return painter_.lastCount(); }
  /// The keys and gestures of a canvas, for the list of keys.
  static QList<KeyHelp> keyHelp();
  /// Motion off, whatever the system says.
  void setAnimated(bool animated) { animated_ = animated; }

  /// The box that shows the element, itself or folded away; -1 if nothing does.
  int boxOf(const Element& element) const;
  Element elementOf(int box) const;
  int currentBox() const;
  /// The share of the largest time, 0 to 1, by box that has one; empty while heat is not shown.
  std::map<int, double> heat() const;
  /// Marks how the nodes of the main graph, by position, stand to another model; none: nothing is compared.
  void setChanges(std::vector<BoxChange> changes);
  /// Selects what the box stands for; adds it, or takes it away, where the selection is to be extended.
  void select(int box, bool extend);
  /// Opens or closes what is inside the box, if anything is.
  void toggle(int box);
  /// Everything as text for clipboard and screen readers: name, what it is, attributes.
  QString describe(int box) const;
  const CanvasConnecting& connecting() const { return connecting_; }
  /// What a node that is added there stands in.
  AddingPlace addingPlaceAt(QPointF screen) const;
  /// Shows the node of that name there once it is drawn, as far as the view can be moved so, and selects it.
  void expectNodeAt(QPointF screen, std::string name) { expected_ = {std::move(name), screen}; }

 public Q_SLOTS:
  void zoomIn() { zoomAt(rect().center(), 1.25); }
  void zoomOut() { zoomAt(rect().center(), 0.8); }
  void zoomToActualSize();
  void fitAll();
  void fitSelection();
  /// The top of the graph at a size that can be read, or all of it if that can.
  void showStart();
  void goToInput();
  void goToOutput();
  /// Adds what feeds the selection, or what reads from it.
  void extendToProducers() { extend(true); }
  void extendToConsumers() { extend(false); }
  void goUp();
  void toggleCurrent();
  void deleteSelection();
  void duplicateSelection();
  /// Selects all nodes of the types that are selected.
  void selectAlike();
  void selectFound();
  /// Asks for an operator that is put where the pointer is, else in the middle.
  void wantOperator();
  void copySelection();
  void paste();
  void copyName();
  void copyShape();
  void copyPicture();

 Q_SIGNALS:
  /// An operator is to be chosen that goes behind what is selected.
  void insertWanted();
  /// A tensor is to be chosen for an input of what is selected.
  void connectWanted();
  /// An operator is to be chosen that stands there, connected with the port, or by itself.
  void addWanted(QPointF place, const std::optional<Port>& port = {});
  /// The graph of a model was painted for the first time.
  void firstPainted();

 protected:
  bool event(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  void leaveEvent(QEvent* event) override;

 private:
  using Key = ViewKey<Canvas>;
  enum class Gesture { None, Press, Pan, Minimap, Connect, Lasso };

  static std::span<const Key> keys();
  void takeLayout();
  void startMoving(const CanvasScene& before);
  int boxBefore(int box, const CanvasScene& before) const;
  void updateMarks();
  void updateHover();
  void updateHeat();
  void updateErrors();
  void updateChanges();
  BoxChange changeOf(const Box& box) const;
  double valueOf(const Box& box) const;
  double valueOfGroups(const Box& box) const;
  void followSelection();
  void reveal(int box);
  void moveTo(const Camera& target);
  void zoomAt(QPointF screen, double factor);
  void pan(QPointF pixels);
  /// Pans by shares of the window.
  void panBy(double across, double down) { pan({across * width(), down * height()}); }
  Camera bounded(Camera camera) const;
  double smallestScale() const;
  bool moves() const;
  void selectCurve(int curve, bool extend);
  void walk(Qt::Key key);
  void walkSiblings(int step);
  int nextAlongEdge(int box, bool down) const;
  int besides(int box, int direction) const;
  void extend(bool producers);
  void hover(QPointF point);
  void showTip(QPoint global, QPointF point);
  QString curveTip(int curve) const;
  void fillMenu(QMenu& menu, int box, int curve);
  bool pressOverlay(QPointF point);
  void startDragging(Qt::KeyboardModifiers modifiers);
  std::vector<Element> lassoed() const;
  void finishLasso();
  void showExpectedNode();
  void paintLasso(QPainter& painter) const;
  void escape();
  CanvasOverlays::View overlayView() const;

  Document* document_;
  CanvasScene scene_;
  CanvasPainter painter_;
  CanvasOverlays overlays_;
  CanvasMarks marks_;
  CanvasConnecting connecting_;
  Camera camera_;
  bool placed_ = false;    ///< the first layout was given its view
  bool untouched_ = true;  ///< the view is still the first one, and fits itself to the window
  bool animated_ = true;
  bool painted_ = false;  ///< firstPainted() was sent for this model

  std::vector<BoxChange> changes_;   ///< by node; empty where nothing is compared
  std::vector<double> groupValues_;  ///< by group of the hierarchy, summed

  Gesture gesture_ = Gesture::None;
  QPointF pressed_, last_;
  QPointF menuPlace_;  ///< where the last menu was asked for

  QVariantAnimation cameraMotion_;
  Camera from_, to_;
  QPointF zoomAnchor_;
  bool zooming_ = false;
  QVariantAnimation layoutMotion_;
  std::vector<QPointF> moves_, currentMoves_;
  /// The box that was opened or closed, and where it stood on the screen.
  std::string anchorId_;
  QPointF anchorPlace_;
  std::optional<std::pair<std::string, QPointF>> expected_;  ///< see expectNodeAt()
};

}  // namespace lapidary::ui
