#include "ui/canvas/canvas.h"

#include <QApplication>
#include <QPainter>
#include <QStyle>
#include <algorithm>
#include <cmath>

#include "ui/canvas/canvas_accessibility.h"
#include "ui/document/format.h"

namespace lapidary::ui {
namespace {

constexpr double largestScale = 4, readableScale = 0.5;
/// Above so many boxes a layout is made ready off this thread, and what moved is not followed by the eye.
constexpr std::size_t manyBoxes = 3000, mostMoving = 4000;

}  // namespace

Canvas::Canvas(Document* document, QWidget* parent)
    : QWidget(parent),
      document_(document),
      painter_(document->theme()),
      overlays_(document->theme()),
      connecting_(this, document) {
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  setAttribute(Qt::WA_OpaquePaintEvent);
  grabGesture(Qt::PinchGesture);
  setAccessibleName(tr("Model graph"));
  installCanvasAccessibility();
  cameraMotion_.setDuration(120);
  cameraMotion_.setStartValue(0.0);
  cameraMotion_.setEndValue(1.0);
  cameraMotion_.setEasingCurve(QEasingCurve::OutCubic);
  layoutMotion_.setDuration(180);
  layoutMotion_.setStartValue(1.0);
  layoutMotion_.setEndValue(0.0);
  layoutMotion_.setEasingCurve(QEasingCurve::OutCubic);
  connect(&cameraMotion_, &QVariantAnimation::valueChanged, this, [this](const QVariant& value) {
    const double t = value.toDouble();
    if (zooming_)
      camera_ = from_.scaledAround(zoomAnchor_, from_.scale * std::pow(to_.scale / from_.scale, t));
    else
      camera_ = {from_.scale * std::pow(to_.scale / from_.scale, t),
                 from_.offset + (to_.offset - from_.offset) * t};
    update();
  });
  connect(&cameraMotion_, &QVariantAnimation::finished, this, [this] { setCamera(to_); });
  connect(&layoutMotion_, &QVariantAnimation::valueChanged, this, qOverload<>(&QWidget::update));
  connect(&layoutMotion_, &QVariantAnimation::finished, this, [this] {
    moves_.clear();
    currentMoves_.clear();
    update();
  });
  connect(document, &Document::stateChanged, this, [this] {
    // With a layout it is an edit, which leaves the view where it is.
    if (document_->state() == Document::State::Ready && !document_->layout()) placed_ = painted_ = false;
  });
  connect(document, &Document::layoutChanged, this, &Canvas::takeLayout);
  connect(document->selection(), &Selection::changed, this, &Canvas::followSelection);
  connect(document->selection(), &Selection::hoveredChanged, this, &Canvas::updateHover);
  connect(document->selection(), &Selection::foundChanged, this, &Canvas::updateMarks);
  connect(document->heat(), &Heat::changed, this, &Canvas::updateHeat);
  connect(document->theme(), &Theme::changed, this, [this] {
    overlays_.forgetPicture();
    update();
  });
  if (document->layout()) takeLayout();
}

void Canvas::takeLayout() {
  const std::shared_ptr<const Layout> layout = document_->layout();
  if (!layout) return;
  const auto take = [this](std::shared_ptr<CanvasScene> ready) {
    if (gesture_ == Gesture::Connect) escape();  // its boxes are gone
    const CanvasScene before = std::exchange(scene_, std::move(*ready));
    painter_.clearTexts();
    overlays_.forgetPicture();
    updateHeat();
    updateChanges();
    if (placed_)
      startMoving(before);
    else
      showStart();
    placed_ = true;
    showExpectedNode();
    // Groups that were opened to show the selection, and not by a click here, opened for it to be seen.
    const bool clicked = !anchorId_.empty();
    anchorId_.clear();
    updateMarks();
    if (!clicked && !marks_.selected.empty()) reveal(marks_.selected.back());
  };
  if (layout->boxes.size() < manyBoxes) return take(std::make_shared<CanvasScene>(layout));
  document_->jobs()->start(
      this, QStringLiteral("scene"), tr("Draw %1").arg(document_->title()),
      [layout](const JobControl&) { return std::make_shared<CanvasScene>(layout); }, take);
}

/// The box of the scene before that showed the same; -1 if none did.
int Canvas::boxBefore(int box, const CanvasScene& before) const {
  const Box& shown = scene_.box(box);
  if (shown.kind != Box::Kind::Node || shown.graph) return before.boxWithId(shown.id);
  const int earlier = document_->earlierPosition(shown.node);
  return earlier < 0 ? -1 : before.boxWithId("node:" + std::to_string(earlier));
}

/// Keeps the box that was clicked (else one in the middle) where it was, and lets the others glide to their
/// new places.
void Canvas::startMoving(const CanvasScene& before) {
  std::string anchor = anchorId_;
  int is = scene_.boxWithId(anchor), was = is < 0 ? -1 : boxBefore(is, before);
  if (was < 0) {
    const int middle = before.boxAt(camera_.toScene(QRectF(rect()).center()));
    for (int b = 0; middle >= 0 && was < 0 && b < static_cast<int>(scene_.layout()->boxes.size()); ++b)
      if (boxBefore(b, before) == middle) was = middle, is = b;
  }
  const Camera old = camera_;
  if (was >= 0 && is >= 0) {
    const auto grip = [](const QRectF& r) { return QPointF(r.center().x(), r.top()); };
    const QPointF place = !anchorId_.empty() && scene_.box(is).id == anchorId_
                              ? anchorPlace_
                              : old.toScreen(grip(before.rectangle(was)));
    camera_.offset = place - grip(scene_.rectangle(is)) * camera_.scale;
  }
  camera_ = bounded(camera_);
  if (!moves() || scene_.layout()->boxes.size() > mostMoving) return update();
  moves_.assign(scene_.layout()->boxes.size(), QPointF());
  for (std::size_t b = 0; b < moves_.size(); ++b) {
    const Box& box = scene_.box(static_cast<int>(b));
    const int earlier = boxBefore(static_cast<int>(b), before);
    if (earlier >= 0)
      moves_[b] = (old.toScreen(before.rectangle(earlier).topLeft()) -
                   camera_.toScreen(scene_.rectangle(static_cast<int>(b)).topLeft())) /
                  camera_.scale;
    else if (box.parent >= 0)
      moves_[b] = moves_[static_cast<std::size_t>(box.parent)];
  }
  layoutMotion_.start();
}

void Canvas::updateHeat() {
  const Heat& heat = *document_->heat();
  marks_.heat.clear();
  marks_.values.clear();
  overlays_.forgetPicture();
  update();
  if (!heat.isShown() || scene_.isEmpty() || !document_->hierarchy()) return;
  if (heat.showsErrors()) return updateErrors();
  const auto& groups = document_->hierarchy()->groups;
  groupValues_.assign(groups.size(), 0);
  for (std::size_t g = groups.size(); g-- > 0;) {
    for (const int node : groups[g].nodes) groupValues_[g] += heat.valueAt(node);
    if (groups[g].parent >= 0) groupValues_[static_cast<std::size_t>(groups[g].parent)] += groupValues_[g];
  }
  const std::size_t count = scene_.layout()->boxes.size();
  marks_.heat.assign(count, -1);
  marks_.values.resize(count);
  for (std::size_t b = 0; b < count; ++b) {
    const Box& box = scene_.box(static_cast<int>(b));
    if (box.kind == Box::Kind::Node && !box.graph) marks_.heat[b] = heat.at(box.node);
    const double value = valueOf(box);
    const bool isFolded = box.group >= 0 && !box.open;
    if (value > 0) marks_.values[b] = isFolded ? percent(value / heat.total()) : milliseconds(value);
  }
}

/// A closed group shows the largest error inside.
void Canvas::updateErrors() {
  const Heat& heat = *document_->heat();
  const std::size_t count = scene_.layout()->boxes.size();
  marks_.heat.assign(count, -1);
  marks_.values.resize(count);
  for (std::size_t b = 0; b < count; ++b) {
    const Box& box = scene_.box(static_cast<int>(b));
    double error = -1;
    if (box.kind == Box::Kind::Node && !box.graph) error = heat.errorAt(box.node);
    if (box.group >= 0 && !box.open)
      for (const int node : document_->nodesOf(elementOf(static_cast<int>(b))))
        error = std::max(error, heat.errorAt(node));
    if (error < 0) continue;
    marks_.heat[b] = Heat::shareOfError(error);
    if (error > 0) marks_.values[b] = number(error);
  }
}

void Canvas::setChanges(std::vector<BoxChange> changes) {
  changes_ = std::move(changes);
  updateChanges();
}

void Canvas::updateChanges() {
  marks_.changes.clear();
  update();
  if (changes_.empty() || scene_.isEmpty() || !document_->hierarchy()) return;
  for (const Box& box : scene_.layout()->boxes) marks_.changes.push_back(changeOf(box));
}

BoxChange Canvas::changeOf(const Box& box) const {
  const auto at = [&](int node) {
    const auto position = static_cast<std::size_t>(node);
    return node >= 0 && position < changes_.size() ? changes_[position] : BoxChange::None;
  };
  if (box.graph) return BoxChange::None;
  if (box.kind == Box::Kind::Node) return at(box.node);
  if (box.kind != Box::Kind::Group || box.group < 0) return BoxChange::None;
  for (const int node : document_->nodesOf(Element::group(box.group)))
    if (at(node) != BoxChange::None) return BoxChange::Changed;
  return BoxChange::None;
}

/// Milliseconds of what the box stands for; 0 where there are none.
double Canvas::valueOf(const Box& box) const {
  if (box.group >= 0) return valueOfGroups(box);
  return box.kind == Box::Kind::Node && !box.graph ? document_->heat()->valueAt(box.node) : 0;
}

std::map<int, double> Canvas::heat() const {
  std::map<int, double> shares;
  for (std::size_t b = 0; b < marks_.heat.size(); ++b)
    if (marks_.heat[b] >= 0) shares[static_cast<int>(b)] = marks_.heat[b];
  return shares;
}

/// What a group's box stands for: the group, or all of the row that it begins.
double Canvas::valueOfGroups(const Box& box) const {
  const auto& groups = document_->hierarchy()->groups;
  const int parent = groups[static_cast<std::size_t>(box.group)].parent;
  if (box.repeats == 1 || parent < 0) return groupValues_[static_cast<std::size_t>(box.group)];
  const auto& row = groups[static_cast<std::size_t>(parent)].children;
  auto member = std::find(row.begin(), row.end(), box.group);
  double sum = 0;
  for (int i = 0; i < box.repeats && member != row.end(); ++i, ++member)
    sum += groupValues_[static_cast<std::size_t>(*member)];
  return sum;
}

void Canvas::updateMarks() {
  marks_.selected.clear();
  marks_.found.clear();
  marks_.path.clear();
  update();
  if (scene_.isEmpty()) return;
  for (const Element& element : document_->selection()->elements()) {
    if (const int box = boxOf(element); box >= 0) {
      marks_.selected.push_back(box);
      for (const auto* curves : {&scene_.incoming(box), &scene_.outgoing(box)}) {
        for (const int c : *curves) {
          if (element.kind != Element::Kind::Value || scene_.curve(c).value == element.value)
            marks_.path.push_back(c);
        }
      }
    }
  }
  if (marks_.selected.size() == 2) {
    for (const auto& [from, to] : {std::pair{0, 1}, std::pair{1, 0}}) {
      const auto path = scene_.pathBetween(marks_.selected[static_cast<std::size_t>(from)],
                                           marks_.selected[static_cast<std::size_t>(to)]);
      marks_.path.insert(marks_.path.end(), path.begin(), path.end());
    }
  }
  for (const Element& element : document_->selection()->found()) {
    if (const int box = boxOf(element); box >= 0) marks_.found.push_back(box);
  }
  updateHover();
}

void Canvas::updateHover() {
  const Element* hovered = document_->selection()->hovered();
  marks_.hovered = hovered ? boxOf(*hovered) : -1;
  update();
}

void Canvas::followSelection() {
  updateMarks();
  if (!marks_.selected.empty() && gesture_ == Gesture::None) reveal(marks_.selected.back());
  announceSelection(this);
}

int Canvas::boxOf(const Element& element) const {
  if (scene_.isEmpty()) return -1;
  const Layout& layout = *scene_.layout();
  const NestedGraph* place =
      element.graph && document_->nested() ? document_->nested()->find(element.graph) : nullptr;
  if (element.graph && !place) return -1;
  if (element.kind == Element::Kind::Node) {
    const int own = layout.box_of_node(element.index, element.graph);
    if (own >= 0 || !place) return own;
  }
  if (element.kind == Element::Kind::Group) {
    const auto& hierarchy = document_->hierarchy();
    if (!hierarchy || element.index < 0 || element.index >= static_cast<int>(hierarchy->groups.size()))
      return -1;
    const int own =
        scene_.boxWithId("group:" + hierarchy->groups[static_cast<std::size_t>(element.index)].path);
    if (own >= 0) return own;
  } else if (element.kind == Element::Kind::Value) {
    const std::string name = (place ? place->prefix : "") + element.value;
    for (const char* kind : {"input:", "output:", "initializer:"}) {
      if (const int box = scene_.boxWithId(kind + name); box >= 0) return box;
    }
    if (const int producer = document_->producerOf(element); place && producer >= 0)
      if (const int box = layout.box_of_node(producer, element.graph); box >= 0) return box;
  }
  // In a closed subgraph or function: the node that it belongs to.
  for (; place; place = document_->nested()->find(place->around))
    if (const int box = layout.box_of_node(place->node, place->around); box >= 0) return box;
  for (const int node : document_->nodesOf(element)) {  // folded away: where any of its nodes shows
    if (const int box = layout.box_of_node(node); box >= 0) return box;
  }
  return -1;
}

Element Canvas::elementOf(int index) const {
  const Box& box = scene_.box(index);
  switch (box.kind) {
    case Box::Kind::Node:
      return Element::node(box.node, box.graph);
    case Box::Kind::Group:
      return Element::group(box.group);
    case Box::Kind::Subgraph:
      return elementOf(box.parent);
    case Box::Kind::Input:
    case Box::Kind::Output:
    case Box::Kind::Initializer:
      break;
  }
  if (!scene_.outgoing(index).empty())
    return Element::named(scene_.curve(scene_.outgoing(index).front()).value, box.graph);
  if (!scene_.incoming(index).empty())
    return Element::named(scene_.curve(scene_.incoming(index).front()).value, box.graph);
  return Element::named(box.id.substr(box.id.find(':') + 1), box.graph);
}

int Canvas::currentBox() const {
  const Element* current = document_->selection()->current();
  return current ? boxOf(*current) : -1;
}

// --- the view ---

bool Canvas::moves() const {
  return animated_ && isVisible() &&
         style()->styleHint(QStyle::SH_Widget_Animation_Duration, nullptr, this) > 0;
}

double Canvas::smallestScale() const {
  return std::min(readableScale, Camera::fitting(scene_.bounds(), rect(), 1).scale * 0.8);
}

/// Never lets the graph leave the window altogether.
Camera Canvas::bounded(Camera camera) const {
  camera.scale = std::clamp(camera.scale, smallestScale(), largestScale);
  const QRectF graph = camera.toScreen(scene_.bounds());
  const double across = std::min(graph.width(), width() / 2.0) / 2,
               down = std::min(graph.height(), height() / 2.0) / 2;
  const auto shift = [](double low, double high, double from, double to, double keep) {
    if (high < from + keep) return from + keep - high;
    return low > to - keep ? to - keep - low : 0.0;
  };
  camera.offset += QPointF(shift(graph.left(), graph.right(), 0, width(), across),
                           shift(graph.top(), graph.bottom(), 0, height(), down));
  return camera;
}

void Canvas::setCamera(const Camera& camera) {
  untouched_ = false;
  camera_ = bounded(camera);
  update();
}

void Canvas::moveTo(const Camera& target) {
  cameraMotion_.stop();
  if (!moves()) return setCamera(target);
  from_ = camera_;
  to_ = bounded(target);
  zooming_ = false;
  cameraMotion_.start();
}

void Canvas::zoomAt(QPointF screen, double factor) {
  const bool underWay = zooming_ && cameraMotion_.state() == QAbstractAnimation::Running;
  const double wanted = (underWay ? to_.scale : camera_.scale) * factor;
  const Camera target =
      bounded(camera_.scaledAround(screen, std::clamp(wanted, smallestScale(), largestScale)));
  cameraMotion_.stop();
  if (!moves()) return setCamera(target);
  from_ = camera_;
  to_ = target;
  zoomAnchor_ = screen;
  zooming_ = true;
  cameraMotion_.start();
}

void Canvas::pan(QPointF pixels) {
  cameraMotion_.stop();
  setCamera({camera_.scale, camera_.offset + pixels});
}

void Canvas::zoomToActualSize() { zoomAt(QRectF(rect()).center(), 1 / camera_.scale); }

void Canvas::fitAll() {
  moveTo(Camera::fitting(scene_.bounds(), QRectF(rect()).adjusted(16, 16, -16, -16), 1.25));
}

void Canvas::fitSelection() {
  QRectF around;
  for (const int box : marks_.selected) around |= scene_.rectangle(box);
  if (around.isEmpty()) return fitAll();
  moveTo(Camera::fitting(around, QRectF(rect()).adjusted(80, 80, -80, -80), 1.25));
}

void Canvas::showStart() {
  const QRectF room = QRectF(rect()).adjusted(16, 16, -16, -16);
  Camera camera = Camera::fitting(scene_.bounds(), room, 1);
  // All of it fits: between the corners' contents, or above them, wherever it becomes larger.
  if (const QRectF free = overlays_.freeRoom(overlayView()); camera.scale >= 0.7 && free.width() > 0) {
    const Camera between = Camera::fitting(scene_.bounds(), free, 1);
    const Camera above = Camera::fitting(scene_.bounds(), overlays_.roomAbove(overlayView()), 1);
    camera = between.scale >= above.scale ? between : above;
  }
  if (camera.scale < 0.7) {
    camera.scale = std::clamp(room.width() / scene_.bounds().width(), readableScale, 1.0);
    const auto& top = scene_.children(-1);
    const double middle =
        top.empty() ? scene_.bounds().center().x() : scene_.rectangle(top.front()).center().x();
    const double across = scene_.bounds().width() * camera.scale;
    const double focus = across <= room.width() ? scene_.bounds().center().x() : middle;
    camera.offset = QPointF(room.center().x() - focus * camera.scale, room.top());
    // What is taller than the window reaches down to the corners: beside what stands there, if it fits.
    const QRectF free = overlays_.freeRoom(overlayView());
    const QRectF graph = camera.toScreen(scene_.bounds());
    if (graph.width() <= free.width())
      camera.offset.rx() +=
          std::max(0.0, free.left() - graph.left()) - std::max(0.0, graph.right() - free.right());
  }
  cameraMotion_.stop();
  setCamera(camera);
  untouched_ = true;
}

/// Brings a box into the window, at a size that can be read, without moving more than needed.
void Canvas::reveal(int box) {
  const QRectF room = QRectF(rect()).adjusted(48, 48, -48, -48);
  const QRectF place = camera_.toScreen(scene_.rectangle(box));
  const bool small = camera_.scale < readableScale && place.height() < 40;
  if (!small && (room.contains(place) || (scene_.box(box).open && room.intersects(place)))) return;
  Camera target = camera_;
  if (small) target = target.scaledAround(place.center(), std::min(1.0, readableScale * 1.5));
  target.offset += room.center() - target.toScreen(scene_.rectangle(box).center());
  moveTo(target);
}

void Canvas::resizeEvent(QResizeEvent*) {
  if (!placed_ || scene_.isEmpty()) return;
  if (untouched_) return showStart();
  setCamera(camera_);
}

CanvasOverlays::View Canvas::overlayView() const {
  return {scene_, camera_, marks_.heat, *document_->heat(), QRectF(rect())};
}

void Canvas::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  double opacity = 1;
  if (!moves_.empty()) {
    const double left = layoutMotion_.currentValue().toDouble();
    currentMoves_.resize(moves_.size());
    std::transform(moves_.begin(), moves_.end(), currentMoves_.begin(),
                   [left](QPointF move) { return move * left; });
    opacity = 1 - left;
  }
  painter_.paint(painter, scene_, camera_, rect(), marks_, currentMoves_, opacity);
  connecting_.paint(painter);
  paintLasso(painter);
  overlays_.paint(painter, overlayView());
  if (painted_ || scene_.isEmpty()) return;
  painted_ = true;
  QMetaObject::invokeMethod(this, &Canvas::firstPainted, Qt::QueuedConnection);
}

}  // namespace lapidary::ui
