#include <QClipboard>
#include <QGuiApplication>
#include <QMenu>
#include <QToolTip>
#include <algorithm>
#include <cmath>
#include <set>

#include "ui/canvas/canvas.h"
#include "ui/document/clipboard.h"
#include "ui/document/element_edits.h"
#include "ui/document/element_menu.h"
#include "ui/document/format.h"
#include "ui/document/value_menu.h"

namespace lapidary::ui {

// --- walking ---

/// The neighbour that the straightest edge leads to.
int Canvas::nextAlongEdge(int box, bool down) const {
  int best = -1;
  double least = 0;
  const double x = scene_.rectangle(box).center().x();
  for (const int c : down ? scene_.outgoing(box) : scene_.incoming(box)) {
    const int other = down ? scene_.curve(c).to : scene_.curve(c).from;
    const double cost = std::abs(scene_.rectangle(other).center().x() - x) + (scene_.curve(c).skip ? 1e4 : 0);
    if (best >= 0 && cost >= least) continue;
    best = other;
    least = cost;
  }
  return best;
}

/// The nearest box at the same height, to the left (-1) or right (1).
int Canvas::besides(int box, int direction) const {
  int best = -1;
  double least = 0;
  const QRectF own = scene_.rectangle(box);
  for (const int other : scene_.children(scene_.box(box).parent)) {
    const QRectF r = scene_.rectangle(other);
    const double away = (r.center().x() - own.center().x()) * direction;
    if (other == box || away <= 0 || r.bottom() < own.top() || r.top() > own.bottom()) continue;
    if (best >= 0 && away >= least) continue;
    best = other;
    least = away;
  }
  return best;
}

void Canvas::walk(Qt::Key key) {
  if (scene_.isEmpty()) return;
  const int box = currentBox();
  int next = -1;
  if (box < 0)
    next = scene_.children(-1).front();
  else if (key == Qt::Key_Up || key == Qt::Key_Down)
    next = nextAlongEdge(box, key == Qt::Key_Down);
  else
    next = besides(box, key == Qt::Key_Right ? 1 : -1);
  if (next >= 0) select(next, false);
}

void Canvas::walkSiblings(int step) {
  const int box = currentBox();
  if (box < 0) return;
  const auto& siblings = scene_.children(scene_.box(box).parent);
  const auto at = std::find(siblings.begin(), siblings.end(), box) - siblings.begin() + step;
  if (at >= 0 && at < static_cast<std::ptrdiff_t>(siblings.size()))
    select(siblings[static_cast<std::size_t>(at)], false);
}

void Canvas::goUp() {
  const int box = currentBox();
  if (box < 0) return;
  int up = scene_.box(box).parent;
  while (up >= 0 && scene_.box(up).kind == Box::Kind::Subgraph) up = scene_.box(up).parent;
  if (up >= 0)
    select(up, false);
  else
    document_->selection()->clear();
}

void Canvas::goToInput() {
  for (const int box : scene_.isEmpty() ? std::vector<int>() : scene_.children(-1)) {
    if (scene_.box(box).kind == Box::Kind::Input) return select(box, false);
  }
}

void Canvas::goToOutput() {
  if (scene_.isEmpty()) return;
  const auto& top = scene_.children(-1);
  const auto last = std::find_if(top.rbegin(), top.rend(),
                                 [this](int box) { return scene_.box(box).kind == Box::Kind::Output; });
  if (last != top.rend()) select(*last, false);
}

void Canvas::extend(bool producers) {
  std::vector<Element> elements = document_->selection()->elements();
  for (const int box : marks_.selected) {
    for (const int c : producers ? scene_.incoming(box) : scene_.outgoing(box)) {
      const Element next = elementOf(producers ? scene_.curve(c).from : scene_.curve(c).to);
      if (std::find(elements.begin(), elements.end(), next) == elements.end()) elements.push_back(next);
    }
  }
  document_->selection()->select(std::move(elements));
}

// --- words ---

QString Canvas::describe(int index) const {
  const Box& box = scene_.box(index);
  const Element element = elementOf(index);
  QStringList parts{scene_.text(scene_.titleText(index))};
  if (box.kind == Box::Kind::Node) parts.append(document_->nameOf(element));
  if (box.repeats > 1) parts.append(tr("%n equal groups", nullptr, box.repeats));
  if (!box.subtitle.empty()) parts.append(scene_.text(scene_.subtitleText(index)));
  if (document_->heat()->showsErrors()) {
    if (!marks_.values.empty()) parts << marks_.values[static_cast<std::size_t>(index)];
  } else if (const double value = marks_.values.empty() ? 0 : valueOf(box); value > 0)
    parts << milliseconds(value)
          << (box.group >= 0 ? percent(value / document_->heat()->total()) : QString());
  parts.removeAll(QString());
  return parts.join(QStringLiteral(", "));
}

QString Canvas::curveTip(int index) const {
  const Curve& curve = scene_.curve(index);
  QString tip = QStringLiteral("<b>%1</b>").arg(text(curve.value).toHtmlEscaped());
  if (document_->types()) {
    const Type& type = document_->types()->type_in(scene_.box(curve.from).graph, curve.value);
    if (type.is_known()) tip += QStringLiteral("<br>") + text(to_string(type)).toHtmlEscaped();
  }
  if (curve.values > 1) tip += QStringLiteral("<br>") + tr("and %n more", nullptr, curve.values - 1);
  return tip;
}

void Canvas::showTip(QPoint global, QPointF point) {
  const int box = scene_.boxAt(camera_.toScene(point));
  if (marks_.hoveredCurve >= 0) return QToolTip::showText(global, curveTip(marks_.hoveredCurve), this);
  if (box < 0 || scene_.box(box).open) return QToolTip::hideText();
  const Element element = elementOf(box);
  const Node* node = scene_.box(box).kind == Box::Kind::Node ? document_->nodeOf(element) : nullptr;
  QString tip = QStringLiteral("<b>%1</b>").arg(scene_.text(scene_.titleText(box)).toHtmlEscaped());
  if (!node) {
    tip += QStringLiteral("<br>") + document_->nameOf(element).toHtmlEscaped() + QStringLiteral("<br>") +
           scene_.text(scene_.subtitleText(box)).toHtmlEscaped();
    if (const double value = marks_.values.empty() ? 0 : valueOf(scene_.box(box)); value > 0)
      tip += QStringLiteral("<br>") + milliseconds(value);
    return QToolTip::showText(global, tip, this);
  }
  tip += QStringLiteral("<br>") + text(node->label()).toHtmlEscaped();
  const auto values = [&](const std::vector<std::string>& names, const QString& heading) {
    for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 6); ++i) {
      if (names[i].empty()) continue;
      QString line = text(names[i]);
      if (document_->types())
        line += QStringLiteral("  ") + text(to_string(document_->types()->type_in(element.graph, names[i])));
      tip += QStringLiteral("<br>%1 %2").arg(heading, line.toHtmlEscaped());
    }
  };
  values(node->inputs, QStringLiteral("→"));
  values(node->outputs, QStringLiteral("←"));
  for (std::size_t i = 0; i < std::min<std::size_t>(node->attributes.size(), 8); ++i) {
    tip += QStringLiteral("<br>%1 = %2")
               .arg(text(node->attributes[i].name).toHtmlEscaped(),
                    text(to_string(node->attributes[i].value)).toHtmlEscaped());
  }
  QToolTip::showText(global, tip, this);
}

// --- clipboard and menu ---

void Canvas::deleteSelection() { delete_nodes(*document_, document_->selection()->elements()); }

void Canvas::duplicateSelection() { duplicate_nodes(*document_, document_->selection()->elements()); }

void Canvas::copySelection() {
  QStringList lines;
  for (const int box : marks_.selected) lines.append(describe(box));
  if (lines.isEmpty()) return copyPicture();
  copy_part(*document_, document_->selection()->elements(), lines.join(QLatin1Char('\n')));
}

void Canvas::paste() { paste_part(*document_); }

void Canvas::copyName() {
  if (const Element* current = document_->selection()->current())
    QGuiApplication::clipboard()->setText(document_->nameOf(*current));
}

void Canvas::copyShape() {
  const Element* current = document_->selection()->current();
  const QString tuple = current ? shape_tuple(*document_, *current) : QString();
  if (!tuple.isEmpty()) QGuiApplication::clipboard()->setText(tuple);
}

void Canvas::copyPicture() { QGuiApplication::clipboard()->setPixmap(grab()); }

void Canvas::fillMenu(QMenu& menu, int box, int curve) {
  if (curve >= 0) {
    const std::string value = scene_.curve(curve).value;
    menu.addAction(tr("Select Value"), this, [this, curve] { selectCurve(curve, false); });
    menu.addAction(tr("Insert Operator…"), this, [this, curve] {
      selectCurve(curve, false);
      Q_EMIT insertWanted();
    });
    add_value_entries(menu, *document_, Element::named(value, scene_.box(scene_.curve(curve).from).graph));
    add_copy_entries(menu, *document_, Element::named(value, scene_.box(scene_.curve(curve).from).graph));
    menu.addSeparator();
  } else if (box >= 0) {
    if (!scene_.box(box).part.empty())
      menu.addAction(scene_.box(box).open ? tr("Close") : tr("Open"), this, [this, box] { toggle(box); });
    menu.addAction(tr("Add Producers"), this, &Canvas::extendToProducers);
    menu.addAction(tr("Add Consumers"), this, &Canvas::extendToConsumers);
    menu.addAction(tr("Zoom to Selection"), this, &Canvas::fitSelection);
    menu.addAction(tr("Delete"), this, &Canvas::deleteSelection);
    menu.addAction(tr("Duplicate"), this, &Canvas::duplicateSelection);
    if (const Node* node = document_->nodeOf(elementOf(box))) {
      menu.addAction(tr("Connect Input to…"), this, &Canvas::connectWanted);
      menu.addAction(tr("Select All %1").arg(text(node->op_type)), this, &Canvas::selectAlike);
    }
    add_value_entries(menu, *document_, elementOf(box));
    add_copy_entries(menu, *document_, elementOf(box));
    menu.addAction(tr("Copy"), this, &Canvas::copySelection);
    menu.addSeparator();
  }
  if (!document_->selection()->found().empty())
    menu.addAction(tr("Select All Found"), this, &Canvas::selectFound);
  menu.addAction(tr("Add Operator Here…"), this, [this, place = menuPlace_] { Q_EMIT addWanted(place); });
  menu.addAction(tr("Open All Groups"), document_, &Document::openAllGroups);
  menu.addAction(tr("Close All Groups"), document_, &Document::closeAllGroups);
  menu.addAction(tr("Fit"), this, &Canvas::fitAll);
  menu.addAction(tr("Copy Picture"), this, &Canvas::copyPicture);
}

}  // namespace lapidary::ui
