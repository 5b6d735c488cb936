// Several nodes at once, by rubber band, by type, by what was found; and nodes that are put somewhere.
#include <QCursor>
#include <QPainter>
#include <algorithm>

#include "ui/canvas/canvas.h"
#include "ui/document/element_edits.h"

namespace lapidary::ui {

/// What lies inside the rubber band: nodes and closed groups, not what is around it.
std::vector<Element> Canvas::lassoed() const {
  std::vector<Element> elements;
  const QRectF band(camera_.toScene(pressed_), camera_.toScene(last_));
  CanvasScene::Visible visible;
  scene_.findVisible(band.normalized(), 0, visible);
  std::sort(visible.closed.begin(), visible.closed.end());
  for (const int box : visible.closed)
    if (!is_value(scene_.box(box).kind)) elements.push_back(elementOf(box));
  return elements;
}

void Canvas::finishLasso() {
  std::vector<Element> elements = document_->selection()->elements();
  for (Element& element : lassoed())
    if (!document_->selection()->contains(element)) elements.push_back(std::move(element));
  document_->selection()->select(std::move(elements));
}

void Canvas::paintLasso(QPainter& painter) const {
  if (gesture_ != Gesture::Lasso) return;
  const QColor& accent = document_->theme()->colors().accent;
  QColor ground = accent;
  ground.setAlpha(32);
  painter.setPen(QPen(accent, 1, Qt::DashLine));
  painter.setBrush(ground);
  painter.drawRect(QRectF(pressed_, last_).normalized());
}

void Canvas::selectAlike() { document_->selection()->select(nodes_alike(*document_)); }

void Canvas::selectFound() {
  if (!document_->selection()->found().empty())
    document_->selection()->select(document_->selection()->found());
}

// --- a node that is connected with nothing ---

AddingPlace Canvas::addingPlaceAt(QPointF screen) const {
  const int box = scene_.boxAt(camera_.toScene(screen));
  if (box < 0) return {};
  const Box& around = scene_.box(box);
  if (around.kind == Box::Kind::Subgraph && document_->nested()) {
    const std::string prefix = around.id.substr(around.id.find(':') + 1) + "/";
    for (const NestedGraph& place : document_->nested()->all())
      if (place.prefix == prefix) return {place.graph, 0};
  }
  if (around.graph || around.kind != Box::Kind::Group) return {around.graph, 0};
  return {nullptr, around.open && around.repeats == 1 ? around.group : 0};
}

void Canvas::wantOperator() {
  const QPointF pointer = mapFromGlobal(QCursor::pos());
  Q_EMIT addWanted(underMouse() ? pointer : QRectF(rect()).center());
}

void Canvas::showExpectedNode() {
  const auto node = expected_ ? document_->nodeNamed(expected_->first) : std::nullopt;
  if (!node) return;  // not there yet
  const int box = boxOf(*node);
  if (box >= 0)
    setCamera({camera_.scale, expected_->second - scene_.rectangle(box).center() * camera_.scale});
  expected_.reset();
  document_->selection()->select(*node);
}

/// Leaves a gesture that is under way; else goes back to what was selected before.
void Canvas::escape() {
  if (gesture_ == Gesture::None) return document_->selection()->goBack();
  gesture_ = Gesture::None;
  connecting_.cancel();
  unsetCursor();
  update();
}

}  // namespace lapidary::ui
