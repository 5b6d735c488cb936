#include "ui/canvas/canvas_painter.h"

#include <QApplication>
#include <algorithm>
#include <cmath>

namespace lapidary::ui {
namespace {

/// Text smaller than this on the screen is not drawn.
constexpr double smallestTitle = 6, smallestText = 6.5;
/// Open boxes lower than this on the screen are painted as one.
constexpr double smallestOpenBox = 14;
constexpr double nodeRadius = 7, groupRadius = 10, headerHeight = 30;
constexpr qsizetype mostTexts = 8192;
/// In pixels on the screen.
constexpr double longestBend = 500;

QPointF pointOf(const Point& p) { return {p.x, p.y}; }

/// Silhouettes are quieter than the kinds that they are drawn in.
constexpr double silhouetteOpacity = 0.55;
/// From afar, groups lower than this on the screen are one colour.
constexpr double smallestSilhouette = 7;

QRectF rectOf(const Rectangle& r) { return {r.x, r.y, r.width, r.height}; }

/// A closed group stands out from the open one around it.
const QColor& closedGround(const Box& group, const ThemeColors& colors) {
  return group.parent < 0 ? colors.group : colors.surface;
}

/// Five pixels along the left border, inside the rounded corners.
QPainterPath stripe(double height) {
  constexpr double width = 5, inset = 0.3;
  QPainterPath path(QPointF(width, inset));
  path.arcTo(QRectF(0, 0, 2 * nodeRadius, 2 * nodeRadius), 106, 74);
  path.lineTo(0, height - nodeRadius);
  path.arcTo(QRectF(0, height - 2 * nodeRadius, 2 * nodeRadius, 2 * nodeRadius), 180, 74);
  path.closeSubpath();
  return path;
}

}  // namespace

/// What the steps of one frame share.
struct CanvasPainter::Frame {
  QPainter& painter;
  const CanvasScene& scene;
  const Camera& camera;
  const CanvasMarks& marks;
  const std::vector<QPointF>& moves;
  double curveOpacity;
  Level level;
  QRectF view;  ///< in the scene
  const ThemeColors& colors;
  QFont titleFont = QApplication::font(), textFont = QApplication::font();

  QPen cosmetic(const QColor& color, double width = 1) const {
    QPen pen(color, width);
    pen.setCosmetic(true);
    return pen;
  }
};

QRectF CanvasPainter::place(const Frame& frame, int box) const {
  const QRectF rectangle = frame.scene.rectangle(box);
  return frame.moves.empty() ? rectangle : rectangle.translated(frame.moves[static_cast<std::size_t>(box)]);
}

void CanvasPainter::paint(QPainter& painter, const CanvasScene& scene, const Camera& camera,
                          const QRectF& screen, const CanvasMarks& marks, const std::vector<QPointF>& moves,
                          double curveOpacity) {
  painter.fillRect(screen, theme_->colors().canvas);
  if (scene.isEmpty()) return;
  if (texts_.size() > mostTexts) texts_.clear();
  const Level level = 11 * camera.scale >= smallestText    ? Level::Near
                      : 13 * camera.scale >= smallestTitle ? Level::Middle
                                                           : Level::Far;
  QRectF view = camera.toScene(screen).adjusted(-8, -8, 8, 8);
  if (!moves.empty()) view.adjust(-400, -400, 400, 400);  // what moves in or out is seen on its way
  scene.findVisible(view, smallestOpenBox / camera.scale, visible_);
  Frame frame{painter, scene, camera, marks, moves, curveOpacity, level, view, theme_->colors()};
  // Whole pixels, rounded down so that text never outgrows its box.
  frame.titleFont.setPixelSize(std::max(1, static_cast<int>(title_font_px * camera.scale + 0.01)));
  frame.titleFont.setWeight(QFont::DemiBold);
  frame.textFont.setPixelSize(std::max(1, static_cast<int>(text_font_px * camera.scale + 0.01)));
  painter.save();
  painter.translate(camera.offset);
  painter.scale(camera.scale, camera.scale);
  paintOpenBoxes(frame);
  if (level == Level::Far && camera.scale < 0.2)
    paintDistantCurves(frame);
  else
    paintCurves(frame);
  paintHighlightedCurves(frame);
  if (level == Level::Far) {
    paintDistantBoxes(frame);
    paintDistantSilhouettes(frame);
  } else {
    paintBoxes(frame);
  }
  paintMarks(frame);
  painter.restore();
  if (level != Level::Far) paintTexts(frame);
}

void CanvasPainter::paintOpenBoxes(Frame& frame) {
  QPainter& painter = frame.painter;
  painter.setRenderHint(QPainter::Antialiasing, frame.camera.scale > 0.3);
  painter.setPen(frame.cosmetic(frame.colors.border));
  painter.setBrush(frame.colors.group);
  for (const int box : visible_.open) {
    const double radius = frame.camera.scale > 0.1 ? groupRadius : 0;
    if (frame.scene.box(box).kind == Box::Kind::Subgraph) painter.setBrush(frame.colors.surface);
    if (radius > 0)
      painter.drawRoundedRect(place(frame, box), radius, radius);
    else
      painter.drawRect(place(frame, box));
    painter.setBrush(frame.colors.group);
  }
  if (frame.level == Level::Far) return;
  painter.setPen(Qt::NoPen);
  painter.setBrush(frame.colors.weakText);
  for (const int box : visible_.open) {
    if (frame.scene.box(box).kind == Box::Kind::Subgraph) continue;
    const QPointF tip = place(frame, box).topLeft() + QPointF(16, 18);
    const QPointF triangle[] = {tip + QPointF(-4, -5), tip + QPointF(4, -5), tip};
    painter.drawPolygon(triangle, 3);
  }
}

/// A bend that sweeps far beyond the window costs what all of it costs to stroke: only the pieces in view are
/// drawn.
void CanvasPainter::appendInPieces(const Frame& frame, const std::array<QPointF, 4>& bend) {
  constexpr int pieces = 48;
  QPointF from = bend[0];
  for (int piece = 1; piece <= pieces; ++piece) {
    const double t = static_cast<double>(piece) / pieces, u = 1 - t;
    const QPointF to =
        bend[0] * (u * u * u) + bend[1] * (3 * u * u * t) + bend[2] * (3 * u * t * t) + bend[3] * (t * t * t);
    const bool seen =
        std::max(from.x(), to.x()) >= frame.view.left() && std::min(from.x(), to.x()) <= frame.view.right() &&
        std::max(from.y(), to.y()) >= frame.view.top() && std::min(from.y(), to.y()) <= frame.view.bottom();
    if (seen) lines_.emplace_back(from, to);
    from = to;
  }
}

/// Adds what of a curve may be seen: straight pieces as lines, which cost a fraction, bends to the path.
void CanvasPainter::appendCurve(const Frame& frame, const Curve& curve) {
  for (std::size_t i = 0; i + 3 < curve.points.size(); i += 3) {
    const QPointF a = pointOf(curve.points[i]), b = pointOf(curve.points[i + 1]);
    const QPointF c = pointOf(curve.points[i + 2]), d = pointOf(curve.points[i + 3]);
    if (std::max(a.y(), d.y()) < frame.view.top() || std::min(a.y(), d.y()) > frame.view.bottom() ||
        std::max(a.x(), d.x()) < frame.view.left() || std::min(a.x(), d.x()) > frame.view.right())
      continue;
    if (std::abs(a.x() - d.x()) < 0.01 && std::abs(b.x() - d.x()) < 0.01) {
      // Lanes may be miles long: the line is cut to the view.
      const double top = std::clamp(a.y(), frame.view.top(), frame.view.bottom());
      const double bottom = std::clamp(d.y(), frame.view.top(), frame.view.bottom());
      lines_.emplace_back(a.x(), top, d.x(), bottom);
    } else if ((std::abs(a.x() - d.x()) + std::abs(a.y() - d.y())) * frame.camera.scale > longestBend) {
      appendInPieces(frame, {a, b, c, d});
    } else {
      path_.moveTo(a);
      path_.cubicTo(b, c, d);
    }
  }
  const QPointF end = curve.points.empty() ? QPointF() : pointOf(curve.points.back());
  if (frame.level != Level::Far && frame.view.contains(end)) appendArrow(end);
}

void CanvasPainter::appendArrow(QPointF end) {
  arrows_.moveTo(end);
  arrows_.lineTo(end + QPointF(-3.5, -6));
  arrows_.lineTo(end + QPointF(3.5, -6));
  arrows_.closeSubpath();
}

void CanvasPainter::beginCurves() {
  path_.clear();
  arrows_.clear();
  lines_.clear();
}

void CanvasPainter::strokeCurves(Frame& frame, const QColor& color, double width) {
  QPainter& painter = frame.painter;
  painter.setRenderHint(QPainter::Antialiasing, true);
  painter.setBrush(Qt::NoBrush);
  painter.setPen(frame.cosmetic(color, width));
  painter.drawPath(path_);
  painter.drawLines(lines_.data(), static_cast<int>(lines_.size()));
  painter.setPen(Qt::NoPen);
  painter.setBrush(color);
  painter.drawPath(arrows_);
}

void CanvasPainter::paintCurves(Frame& frame) {
  beginCurves();
  for (const int c : visible_.curves) appendCurve(frame, frame.scene.curve(c));
  frame.painter.setOpacity(frame.curveOpacity);
  strokeCurves(frame, frame.colors.edge, frame.level == Level::Near ? 1.4 : 1);
  frame.painter.setOpacity(1);
}

/// From afar, curves are lines between the ends of their segments.
void CanvasPainter::paintDistantCurves(Frame& frame) {
  lines_.clear();
  const double shortest = 3 / frame.camera.scale;
  for (const int c : visible_.curves) {
    const auto& points = frame.scene.curve(c).points;
    for (std::size_t i = 0; i + 3 < points.size(); i += 3) {
      if (std::abs(points[i].x - points[i + 3].x) + std::abs(points[i].y - points[i + 3].y) < shortest)
        continue;
      lines_.emplace_back(pointOf(points[i]), pointOf(points[i + 3]));
    }
  }
  frame.painter.setRenderHint(QPainter::Antialiasing, false);
  frame.painter.setPen(frame.cosmetic(frame.colors.edge));
  frame.painter.setOpacity(frame.curveOpacity);
  frame.painter.drawLines(lines_.data(), static_cast<int>(lines_.size()));
  frame.painter.setOpacity(1);
}

void CanvasPainter::paintHighlightedCurves(Frame& frame) {
  if (frame.marks.path.empty() && frame.marks.hoveredCurve < 0) return;
  beginCurves();
  for (const int c : frame.marks.path) appendCurve(frame, frame.scene.curve(c));
  if (frame.marks.hoveredCurve >= 0) appendCurve(frame, frame.scene.curve(frame.marks.hoveredCurve));
  strokeCurves(frame, frame.colors.accent, 2);
}

void CanvasPainter::paintDistantBoxes(Frame& frame) {
  constexpr std::size_t kinds = static_cast<std::size_t>(OperatorKind::Other) + 1, heatSteps = 5;
  static_assert(kinds + heatSteps < std::tuple_size_v<decltype(rectangles_)>);
  for (auto& batch : rectangles_) batch.clear();
  silhouettes_.clear();
  for (const int box : visible_.closed) {
    const double heat = frame.marks.heat.empty() ? -1 : frame.marks.heat[static_cast<std::size_t>(box)];
    if (heat < 0 && frame.scene.box(box).silhouette >= 0 &&
        frame.scene.box(box).rectangle.height * frame.camera.scale >= smallestSilhouette) {
      silhouettes_.push_back(box);
      continue;
    }
    const std::size_t batch = heat >= 0 ? kinds + static_cast<std::size_t>(heat * (heatSteps - 1) + 0.5)
                                        : static_cast<std::size_t>(frame.scene.mainKind(box));
    rectangles_[batch].push_back(place(frame, box));
  }
  frame.painter.setRenderHint(QPainter::Antialiasing, false);
  frame.painter.setPen(Qt::NoPen);
  for (std::size_t batch = 0; batch < kinds + heatSteps; ++batch) {
    if (rectangles_[batch].empty()) continue;
    frame.painter.setBrush(batch < kinds
                               ? theme_->kind(static_cast<OperatorKind>(batch))
                               : theme_->heat(static_cast<double>(batch - kinds) / (heatSteps - 1)));
    frame.painter.drawRects(rectangles_[batch].data(), static_cast<int>(rectangles_[batch].size()));
  }
}

/// Far groups show what is inside instead of their text, over all of their box.
void CanvasPainter::paintDistantSilhouettes(Frame& frame) {
  if (silhouettes_.empty()) return;
  frame.painter.setPen(frame.cosmetic(frame.colors.border));
  for (const int box : silhouettes_) {
    frame.painter.setBrush(closedGround(frame.scene.box(box), frame.colors));
    frame.painter.drawRect(place(frame, box));
  }
  paintSilhouettes(frame, silhouettes_, [this, &frame](int box) {
    const QRectF r = place(frame, box);
    return Rectangle{r.x() + r.width() * 0.1, r.y() + 3, r.width() * 0.8, r.height() - 6};
  });
}

/// The marks of all, a kind at a time.
template <class Area>
void CanvasPainter::paintSilhouettes(Frame& frame, const std::vector<int>& boxes, Area areaOf) {
  for (auto& batch : rectangles_) batch.clear();
  for (const int box : boxes) {
    const Silhouette& content =
        frame.scene.layout()->silhouettes[static_cast<std::size_t>(frame.scene.box(box).silhouette)];
    const Rectangle area = areaOf(box);
    for (const Silhouette::Mark& mark : content.marks)
      rectangles_[static_cast<std::size_t>(mark.kind)].push_back(rectOf(content.place(mark, area)));
  }
  frame.painter.setRenderHint(QPainter::Antialiasing, true);
  frame.painter.setPen(Qt::NoPen);
  frame.painter.setOpacity(silhouetteOpacity);
  for (std::size_t kind = 0; kind < rectangles_.size(); ++kind) {
    if (rectangles_[kind].empty()) continue;
    frame.painter.setBrush(theme_->kind(static_cast<OperatorKind>(kind)));
    frame.painter.drawRects(rectangles_[kind].data(), static_cast<int>(rectangles_[kind].size()));
  }
  frame.painter.setOpacity(1);
}

void CanvasPainter::paintBoxes(Frame& frame) {
  frame.painter.setRenderHint(QPainter::Antialiasing, true);
  silhouettes_.clear();
  for (const int box : visible_.closed) {
    paintBox(frame, box, place(frame, box));
    if (frame.scene.box(box).silhouette >= 0) silhouettes_.push_back(box);
  }
  paintSilhouettes(frame, silhouettes_, [this, &frame](int box) {
    const QRectF r = place(frame, box);
    return silhouette_area({r.x(), r.y(), r.width(), r.height()});
  });
}

void CanvasPainter::paintBox(Frame& frame, int index, const QRectF& r) {
  QPainter& painter = frame.painter;
  const Box& box = frame.scene.box(index);
  const double heat = frame.marks.heat.empty() ? -1 : frame.marks.heat[static_cast<std::size_t>(index)];
  const QColor ground = heat >= 0                      ? theme_->heat(heat)
                        : box.kind == Box::Kind::Group ? closedGround(box, frame.colors)
                                                       : frame.colors.node;
  painter.setPen(frame.cosmetic(frame.colors.border));
  painter.setBrush(ground);
  const bool value = is_value(box.kind);
  const double radius = value ? r.height() / 2 : box.kind == Box::Kind::Group ? groupRadius : nodeRadius;
  if (box.repeats > 1) {  // a stack of cards
    painter.drawRoundedRect(r.translated(6, 6), radius, radius);
    painter.drawRoundedRect(r.translated(3, 3), radius, radius);
  }
  painter.drawRoundedRect(r, radius, radius);
  if (box.kind == Box::Kind::Node) {
    static const QPainterPath low = stripe(30), high = stripe(44);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme_->kind(box.operator_kind));
    painter.translate(r.topLeft());
    painter.drawPath(box.subtitle.empty() ? low : high);
    painter.translate(-r.topLeft());
  }
  if (box.kind == Box::Kind::Group || (box.kind == Box::Kind::Node && !box.part.empty())) {
    const QPointF tip(box.kind == Box::Kind::Group ? r.left() + 17.5 : r.right() - 10,
                      r.top() + (box.subtitle.empty() || frame.level != Level::Near ? r.height() / 2 : 14));
    const QPointF triangle[] = {tip + QPointF(-5, -4), tip + QPointF(-5, 4), tip};
    painter.setPen(Qt::NoPen);
    painter.setBrush(frame.colors.weakText);
    painter.drawPolygon(triangle, 3);
  }
}

/// Texts are laid out for their size on the screen and placed there: only so are they cached.
void CanvasPainter::paintTexts(Frame& frame) {
  for (const int box : visible_.open) paintHeader(frame, box);
  for (const int box : visible_.closed) paintBoxTexts(frame, box);
  if (frame.level != Level::Near) return;
  frame.painter.setOpacity(frame.curveOpacity);
  for (const int c : visible_.curves) paintLabel(frame, frame.scene.curve(c), frame.scene.labelText(c));
  frame.painter.setOpacity(1);
}

/// On a strip of the ground, so that no edge runs through the text.
void CanvasPainter::paintLabel(Frame& frame, const Curve& curve, int number) {
  if (number == 0) return;
  const int around = frame.scene.box(curve.from).parent;
  const QColor& ground = around < 0                                            ? frame.colors.canvas
                         : frame.scene.box(around).kind == Box::Kind::Subgraph ? frame.colors.surface
                                                                               : frame.colors.group;
  const QSizeF size = laidOut(frame, number, false).size();
  const QPointF at = frame.camera.toScreen(pointOf(curve.label_place));
  const QRectF strip(at.x() - 2, at.y() - size.height() / 2 + 1, size.width() + 4, size.height() - 2);
  frame.painter.fillRect(strip, ground);
  paintText(frame, number, pointOf(curve.label_place), false, frame.colors.weakText);
}

void CanvasPainter::paintHeader(Frame& frame, int index) {
  const QRectF r = place(frame, index);
  const double indent = frame.scene.box(index).kind == Box::Kind::Subgraph ? 14 : 25;
  const double y = r.top() + headerHeight / 2;
  paintText(frame, frame.scene.titleText(index), {r.left() + indent, y}, true, frame.colors.text);
  if (!frame.marks.values.empty() && frame.level == Level::Near)
    paintAtRight(frame, frame.marks.values[static_cast<std::size_t>(index)], {r.right() - 12, y}, false,
                 frame.colors.weakText);
}

void CanvasPainter::paintBoxTexts(Frame& frame, int index) {
  const Box& box = frame.scene.box(index);
  const QRectF r = place(frame, index);
  const double heat = frame.marks.heat.empty() ? -1 : frame.marks.heat[static_cast<std::size_t>(index)];
  const bool heated = heat >= 0;
  const QColor title = heated ? Theme::textOn(theme_->heat(heat)) : frame.colors.text;
  const QColor weak = heated ? title : frame.colors.weakText;
  const bool value = is_value(box.kind);
  const double indent = value ? 17 : box.kind == Box::Kind::Group ? 23 : 15;
  const bool alone = box.subtitle.empty() || frame.level != Level::Near;
  const double first = alone ? r.height() / 2 : 14.5;
  paintText(frame, frame.scene.titleText(index), {r.left() + indent, r.top() + first}, true, title);
  if (frame.level != Level::Near) return;
  paintText(frame, frame.scene.subtitleText(index), {r.left() + indent, r.top() + 31}, false, weak);
  const double right = box.silhouette >= 0 ? r.right() - 46 : r.right() - 10;
  const QPointF end(right, r.top() + first);
  if (box.repeats > 1) {
    paintAtRight(frame, QStringLiteral("× %1").arg(box.repeats), end, true, frame.colors.accent);
    if (!frame.marks.values.empty())
      paintAtRight(frame, frame.marks.values[static_cast<std::size_t>(index)], {end.x(), r.top() + 31}, false,
                   weak);
  } else if (!frame.marks.values.empty()) {  // on the first line with room for it
    const QString& figure = frame.marks.values[static_cast<std::size_t>(index)];
    const double room = right - r.left() - indent - 10 -
                        QFontMetricsF(frame.textFont).horizontalAdvance(figure) / frame.camera.scale;
    if (textWidth(frame, frame.scene.titleText(index), true) <= room)
      paintAtRight(frame, figure, end, false, weak);
    else if (!box.subtitle.empty() && textWidth(frame, frame.scene.subtitleText(index), false) <= room)
      paintAtRight(frame, figure, {end.x(), r.top() + 31}, false, weak);
  }
}

QColor CanvasPainter::colorOf(BoxChange change) const {
  return theme_->change(change == BoxChange::Added     ? Theme::Change::Added
                        : change == BoxChange::Removed ? Theme::Change::Removed
                                                       : Theme::Change::Changed);
}

/// Calls `paintOne` for each box in view that was changed.
template <class F>
void CanvasPainter::forEachChange(const Frame& frame, F&& paintOne) {
  if (frame.marks.changes.empty()) return;
  for (const int box : visible_.closed)
    if (const BoxChange change = frame.marks.changes[static_cast<std::size_t>(box)];
        change != BoxChange::None)
      paintOne(box, change);
}

/// A sign at the corner, so that nothing rests on colour alone.
void CanvasPainter::paintChangeSigns(Frame& frame) {
  if (frame.level == Level::Far) return;
  QPainter& painter = frame.painter;
  forEachChange(frame, [&](int box, BoxChange change) {
    const QColor color = colorOf(change);
    const QPointF middle = place(frame, box).topRight() + QPointF(-4, 2);
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawEllipse(middle, 8, 8);
    QPen pen(Theme::textOn(color), 1.8);
    pen.setCapStyle(Qt::RoundCap);
    painter.setPen(pen);
    painter.setBrush(Qt::NoBrush);
    if (change == BoxChange::Changed) {  // a wave
      QPainterPath wave(middle + QPointF(-4, 1));
      wave.cubicTo(middle + QPointF(-1.5, -4), middle + QPointF(1.5, 4), middle + QPointF(4, -1));
      return painter.drawPath(wave);
    }
    painter.drawLine(middle + QPointF(-3.5, 0), middle + QPointF(3.5, 0));
    if (change == BoxChange::Added) painter.drawLine(middle + QPointF(0, -3.5), middle + QPointF(0, 3.5));
  });
}

void CanvasPainter::paintMarks(Frame& frame) {
  QPainter& painter = frame.painter;
  painter.setRenderHint(QPainter::Antialiasing, true);
  painter.setBrush(Qt::NoBrush);
  const auto outline = [&](int box, const QColor& color, double width) {
    if (box < 0) return;
    const bool group = frame.scene.box(box).kind == Box::Kind::Group || frame.scene.box(box).open;
    const double radius = group ? groupRadius : nodeRadius;
    painter.setPen(frame.cosmetic(color, width));
    painter.drawRoundedRect(place(frame, box), radius, radius);
  };
  forEachChange(frame, [&](int box, BoxChange change) { outline(box, colorOf(change), 2); });
  QColor foundColor = theme_->kind(OperatorKind::Activation);
  for (const int box : frame.marks.found) outline(box, foundColor, 2);
  outline(frame.marks.hovered, frame.colors.edge, 1.2);
  for (const int box : frame.marks.selected) outline(box, frame.colors.accent, 2);
  paintChangeSigns(frame);
}

const QStaticText& CanvasPainter::laidOut(Frame& frame, int number, bool bold) {
  const QFont& font = bold ? frame.titleFont : frame.textFont;
  const quint64 key =
      static_cast<quint64>(number) << 16 | static_cast<quint64>(font.pixelSize()) << 1 | (bold ? 1u : 0u);
  QStaticText& text = texts_[key];
  if (text.text().isEmpty()) {
    text.setTextFormat(Qt::PlainText);
    text.setText(frame.scene.text(number));
    text.prepare(QTransform(), font);
  }
  return text;
}

double CanvasPainter::textWidth(Frame& frame, int number, bool bold) {
  return laidOut(frame, number, bold).size().width() / frame.camera.scale;
}

void CanvasPainter::paintText(Frame& frame, int number, QPointF scenePlace, bool bold, const QColor& color) {
  if (number == 0) return;
  const QStaticText& text = laidOut(frame, number, bold);
  const QPointF at = frame.camera.toScreen(scenePlace);
  frame.painter.setFont(bold ? frame.titleFont : frame.textFont);
  frame.painter.setPen(color);
  frame.painter.drawStaticText(QPointF(std::round(at.x()), std::round(at.y() - text.size().height() / 2)),
                               text);
}

void CanvasPainter::paintAtRight(Frame& frame, const QString& string, QPointF sceneEnd, bool bold,
                                 const QColor& color) {
  if (string.isEmpty()) return;
  const QPointF end = frame.camera.toScreen(sceneEnd);
  frame.painter.setFont(bold ? frame.titleFont : frame.textFont);
  frame.painter.setPen(color);
  frame.painter.drawText(QRectF(end.x() - 400, end.y() - 40, 400, 80), Qt::AlignRight | Qt::AlignVCenter,
                         string);
}

}  // namespace lapidary::ui
