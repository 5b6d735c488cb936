#include "ui/canvas/canvas_connecting.h"

#include <QLineF>
#include <QPainterPath>
#include <algorithm>
#include <limits>

#include "ui/canvas/canvas.h"
#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

constexpr double portRadius = 4, reach = 9, exactReach = 14, smallestPortScale = 0.5;

bool hasPorts(const Box& box) { return box.kind == Box::Kind::Node || is_value(box.kind); }

}  // namespace

/// Inputs stand along the upper edge, what the box makes along the lower one.
std::vector<CanvasConnecting::Placed> CanvasConnecting::placed(int box, bool inputs) const {
  std::vector<Placed> ports;
  const Box& shown = canvas_->scene().box(box);
  if (!hasPorts(shown) || (!inputs && shown.kind == Box::Kind::Output)) return ports;
  const Element element = canvas_->elementOf(box);
  const QRectF r = canvas_->camera().toScreen(canvas_->scene().rectangle(box));
  for (Port& port : inputs ? input_ports(*document_, element) : output_ports(*document_, element))
    ports.push_back({std::move(port), {}});
  for (std::size_t i = 0; i < ports.size(); ++i)
    ports[i].place = {
        r.left() + r.width() * static_cast<double>(i + 1) / static_cast<double>(ports.size() + 1),
        inputs ? r.top() : r.bottom()};
  return ports;
}

/// The boxes whose ports are shown while nothing is dragged.
std::vector<int> CanvasConnecting::openBoxes() const {
  std::vector<int> boxes;
  if (!document_->canEdit() || canvas_->scene().isEmpty() || canvas_->camera().scale < smallestPortScale)
    return boxes;
  const Selection& selection = *document_->selection();
  if (selection.hovered()) boxes.push_back(canvas_->boxOf(*selection.hovered()));
  if (selection.elements().size() == 1) boxes.push_back(canvas_->boxOf(*selection.current()));
  std::erase(boxes, -1);
  if (boxes.size() == 2 && boxes[0] == boxes[1]) boxes.pop_back();
  return boxes;
}

std::optional<Port> CanvasConnecting::portAt(QPointF screen) const {
  for (const int box : openBoxes())
    for (const bool inputs : {true, false})
      for (const Placed& port : placed(box, inputs))
        if (QLineF(port.place, screen).length() <= reach) return port.port;
  return std::nullopt;
}

std::optional<QPointF> CanvasConnecting::placeOf(const Port& port) const {
  const int box = canvas_->boxOf(port.element);
  if (box < 0) return std::nullopt;
  for (const Placed& one : placed(box, port.isInput))
    if (one.port == port) return one.place;
  return std::nullopt;
}

bool CanvasConnecting::hover(QPointF screen) {
  std::optional<Port> found = portAt(screen);
  end_ = screen;
  if (found == hovered_) return false;
  hovered_ = std::move(found);
  return true;
}

bool CanvasConnecting::begin(QPointF screen) {
  const std::optional<Port> port = portAt(screen);
  if (!port) return false;
  from_ = placeOf(*port).value_or(screen);
  fromBox_ = canvas_->boxOf(port->element);
  connecting_ = std::make_unique<Connecting>(*document_, *port);
  fits_.assign(canvas_->scene().layout()->boxes.size(), -1);
  hovered_.reset();
  move(screen);
  return true;
}

void CanvasConnecting::move(QPointF screen) {
  end_ = screen;
  from_ = placeOf(connecting_->port()).value_or(from_);  // the view may have moved
  findTarget();
}

void CanvasConnecting::cancel() {
  connecting_.reset();
  target_.reset();
  refusal_.clear();
  isOverNothing_ = false;
}

std::optional<Port> CanvasConnecting::finish() {
  const std::unique_ptr<Connecting> connecting = std::move(connecting_);
  if (target_ && refusal_.isEmpty()) connecting->connect(*document_, *target_);
  const bool isOverNothing = isOverNothing_;
  cancel();
  return isOverNothing ? std::optional(connecting->port()) : std::nullopt;
}

bool CanvasConnecting::fits(int box) const {
  signed char& known = fits_[static_cast<std::size_t>(box)];
  if (known < 0) {
    const auto ports = placed(box, !connecting_->port().isInput);
    known = std::any_of(ports.begin(), ports.end(),
                        [this](const Placed& port) { return connecting_->refusal(port.port).isEmpty(); });
  }
  return known > 0;
}

/// The port that is meant: the one right under the pointer; else of the box there the nearest that can be
/// connected, those before others where nothing flows yet.
void CanvasConnecting::findTarget() {
  target_.reset();
  refusal_.clear();
  const QPointF scenePoint = canvas_->camera().toScene(end_);
  const double around = exactReach / canvas_->camera().scale;
  int box = -1;
  for (const double down : {0.0, around, -around}) {
    const int at = canvas_->scene().boxAt(scenePoint + QPointF(0, down));
    if (at >= 0 && !canvas_->scene().box(at).open) box = at;
    if (box >= 0) break;
  }
  isOverNothing_ = box < 0 && canvas_->rect().contains(end_.toPoint());
  if (box < 0 || box == fromBox_) return;
  const auto ports = placed(box, !connecting_->port().isInput);
  if (ports.empty()) {
    const bool isGroup = canvas_->scene().box(box).kind == Box::Kind::Group;
    refusal_ = isGroup ? Canvas::tr("Open the group to connect to what is inside")
                       : Canvas::tr("Nothing here that could be connected");
    return;
  }
  double best = std::numeric_limits<double>::max();
  for (const Placed& port : ports) {
    const QString refusal = connecting_->refusal(port.port);
    const double distance = QLineF(port.place, end_).length();
    constexpr double taken = 1e3, refused = 1e6;
    const double cost = distance + (distance <= exactReach                           ? 0
                                    : !refusal.isEmpty()                             ? refused
                                    : port.port.isInput && !port.port.tensor.empty() ? taken
                                                                                     : 0);
    if (cost >= best) continue;
    best = cost;
    target_ = port.port;
    targetPlace_ = port.place;
    refusal_ = refusal;
  }
}

// --- painting ---

void CanvasConnecting::paintPort(QPainter& painter, QPointF place, bool isMarked) const {
  const ThemeColors& colors = document_->theme()->colors();
  painter.setPen(QPen(colors.accent, 1.5));
  painter.setBrush(isMarked ? colors.accent : colors.canvas);
  painter.drawEllipse(place, isMarked ? portRadius + 1.5 : portRadius,
                      isMarked ? portRadius + 1.5 : portRadius);
}

/// What may be the other end is framed and shows its ports; the rest steps back.
void CanvasConnecting::paintTargets(QPainter& painter) const {
  const ThemeColors& colors = document_->theme()->colors();
  CanvasScene::Visible visible;
  const Camera& camera = canvas_->camera();
  const QRectF view(camera.toScene(QPointF(0, 0)),
                    camera.toScene(QPointF(canvas_->width(), canvas_->height())));
  canvas_->scene().findVisible(view, 8 / camera.scale, visible);
  QColor veil = colors.canvas;
  veil.setAlpha(150);
  for (const int box : visible.closed) {
    const QRectF r = camera.toScreen(canvas_->scene().rectangle(box));
    if (box == fromBox_) continue;
    if (!fits(box)) {
      painter.fillRect(r.adjusted(-1, -1, 1, 1), veil);
      continue;
    }
    painter.setPen(QPen(colors.accent, 1.5, Qt::DashLine));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(r.adjusted(-2, -2, 2, 2), 8, 8);
    if (camera.scale < smallestPortScale) continue;
    for (const Placed& port : placed(box, !connecting_->port().isInput))
      if (connecting_->refusal(port.port).isEmpty())
        paintPort(painter, port.place, target_ && *target_ == port.port);
  }
}

void CanvasConnecting::paintCurve(QPainter& painter) const {
  const ThemeColors& colors = document_->theme()->colors();
  const bool isRefused = !refusal_.isEmpty();
  const QPointF end = target_ && !isRefused ? targetPlace_ : end_;
  const double bend = std::clamp(QLineF(from_, end).length() / 2, 24.0, 120.0);
  const double down = connecting_->port().isInput ? -bend : bend;
  QPainterPath path(from_);
  path.cubicTo(from_ + QPointF(0, down), end - QPointF(0, down), end);
  painter.setPen(QPen(isRefused ? colors.problem : colors.accent, 2,
                      target_ && !isRefused ? Qt::SolidLine : Qt::DashLine, Qt::RoundCap));
  painter.setBrush(Qt::NoBrush);
  painter.drawPath(path);
  paintPort(painter, from_, true);
}

void CanvasConnecting::paintNote(QPainter& painter, const QString& note, bool isRefusal) const {
  const ThemeColors& colors = document_->theme()->colors();
  constexpr int widest = 340, margin = 8, icon = 20;
  const QRect text = painter.fontMetrics().boundingRect(QRect(0, 0, widest, 400), Qt::TextWordWrap, note);
  QRectF place(end_ + QPointF(14, 16), QSizeF(text.width() + 2 * margin + (isRefusal ? icon : 0) + 2,
                                              text.height() + 2 * margin - 4));
  place.moveRight(std::min(place.right(), canvas_->width() - 8.0));
  if (place.bottom() > canvas_->height() - 8) place.moveBottom(end_.y() - 12);
  painter.setPen(QPen(isRefusal ? colors.problem : colors.border, 1));
  painter.setBrush(colors.raised);
  painter.drawRoundedRect(place, 7, 7);
  if (isRefusal)
    document_->theme()
        ->icon(QStringLiteral("problem"), colors.problem)
        .paint(&painter,
               QRect(static_cast<int>(place.left()) + margin, static_cast<int>(place.top()) + 7, 16, 16));
  painter.setPen(colors.text);
  painter.drawText(place.adjusted(margin + (isRefusal ? icon : 0), margin - 2, -margin + 2, -margin + 2),
                   Qt::AlignLeft | Qt::AlignVCenter | Qt::TextWordWrap, note);
}

void CanvasConnecting::paint(QPainter& painter) const {
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing, true);
  painter.setFont(canvas_->font());
  const auto typed = [this](const Port& port) {
    const QString name = port.tensor.empty() ? Canvas::tr("nothing yet") : text(port.tensor);
    if (port.tensor.empty() || !document_->types()) return name;
    const Type& type = document_->types()->type_in(port.element.graph, port.tensor);
    return type.is_known() ? Canvas::tr("%1, %2").arg(name, text(to_string(type))) : name;
  };
  if (!connecting_) {
    for (const int box : openBoxes())
      for (const bool inputs : {true, false})
        for (const Placed& port : placed(box, inputs))
          paintPort(painter, port.place, hovered_ && *hovered_ == port.port);
    if (hovered_) paintNote(painter, Canvas::tr("%1: %2").arg(hovered_->name, typed(*hovered_)), false);
    painter.restore();
    return;
  }
  paintTargets(painter);
  paintCurve(painter);
  if (!refusal_.isEmpty()) {
    paintNote(painter, refusal_, true);
  } else if (target_) {
    const Port& input = target_->isInput ? *target_ : connecting_->port();
    const Port& tensor = target_->isInput ? connecting_->port() : *target_;
    paintNote(painter,
              Canvas::tr("%1 of %2 ← %3").arg(input.name, document_->nameOf(input.element), typed(tensor)),
              false);
  } else if (isOverNothing_) {
    paintNote(painter,
              connecting_->port().isInput
                  ? Canvas::tr("Let go to add an operator that makes %1").arg(connecting_->port().name)
                  : Canvas::tr("Let go to add an operator that reads %1").arg(typed(connecting_->port())),
              false);
  }
  painter.restore();
}

}  // namespace lapidary::ui
