#include "ui/shell/breadcrumb.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>

#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

constexpr int margin = 16, separatorWidth = 20, longestPart = 40;

}  // namespace

Breadcrumb::Breadcrumb(Document* document, QWidget* parent) : QWidget(parent), document_(document) {
  setFixedHeight(32);
  setMouseTracking(true);
  setFocusPolicy(Qt::TabFocus);
  setAccessibleName(tr("Path to the selection"));
  connect(document->selection(), &Selection::changed, this, &Breadcrumb::rebuild);
  connect(document, &Document::stateChanged, this, &Breadcrumb::rebuild);
  connect(document->theme(), &Theme::changed, this, qOverload<>(&QWidget::update));
  rebuild();
}

void Breadcrumb::rebuild() {
  parts_.clear();
  hovered_ = -1;
  if (document_->hierarchy()) {
    const Element* current = document_->selection()->current();
    if (current && current->kind == Element::Kind::Node)
      parts_.push_back({document_->nameOf(*current).section(QLatin1Char('/'), -1), *current, {}, {}});
    if (current && current->kind == Element::Kind::Value)
      parts_.push_back({text(current->value), *current, {}, {}});
    int group = !current                                ? 0
                : current->kind == Element::Kind::Group ? current->index
                                                        : document_->groupOf(*current);
    for (; group > 0; group = document_->hierarchy()->groups[static_cast<std::size_t>(group)].parent)
      parts_.push_back({text(document_->hierarchy()->groups[static_cast<std::size_t>(group)].name),
                        Element::group(group),
                        {},
                        {}});
    parts_.push_back({document_->title().section(QLatin1Char('.'), 0, 0), Element::group(0), {}, {}});
    std::reverse(parts_.begin(), parts_.end());
    QStringList names;
    for (const Part& part : parts_) names += part.text;
    setAccessibleDescription(names.join(QStringLiteral(" › ")));
  }
  current_ = std::max(0, static_cast<int>(parts_.size()) - 1);
  placeParts();
  update();
}

void Breadcrumb::placeParts() {
  const int count = static_cast<int>(parts_.size()), room = width() - 2 * margin;
  const auto advance = [this](const QString& shown) { return fontMetrics().horizontalAdvance(shown); };
  int total = 0;
  for (Part& part : parts_) {
    part.shown = shortened(part.text, longestPart);
    part.place = {};
    total += advance(part.shown) + separatorWidth;
  }
  total -= separatorWidth;
  // The model and what is selected stay; the parts that follow the model give way first.
  int next = 1;
  const int dotsWidth = advance(QStringLiteral("…"));
  for (; total > room && next < count - 1; ++next)
    total +=
        (next == 1 ? dotsWidth : -separatorWidth) - advance(parts_[static_cast<std::size_t>(next)].shown);
  int x = margin;
  dots_ = {};
  for (int i = 0; i < count; ++i) {
    if (i == 1 && next > 1) {
      dots_ = QRect(x, 0, dotsWidth, height());
      x = dots_.right() + 1 + separatorWidth;
      i = next;
    }
    Part& part = parts_[static_cast<std::size_t>(i)];
    if (i + 1 == count)
      part.shown = fontMetrics().elidedText(part.shown, Qt::ElideMiddle, std::max(24, width() - margin - x));
    part.place = QRect(x, 0, advance(part.shown), height());
    x = part.place.right() + 1 + separatorWidth;
  }
}

void Breadcrumb::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const ThemeColors& colors = document_->theme()->colors();
  const auto separate = [&](const QRect& after) {
    painter.setPen(colors.weakText);
    painter.drawText(QRect(after.right() + 1, 0, separatorWidth, height()), Qt::AlignCenter,
                     QStringLiteral("›"));
  };
  painter.setPen(colors.weakText);
  painter.drawText(dots_, Qt::AlignVCenter, QStringLiteral("…"));
  if (!dots_.isEmpty()) separate(dots_);
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    if (part.place.isEmpty()) continue;
    const bool last = i + 1 == parts_.size();
    const bool lit = static_cast<int>(i) == hovered_ || (hasFocus() && static_cast<int>(i) == current_);
    painter.setPen(lit ? colors.accent : last ? colors.text : colors.weakText);
    painter.drawText(part.place, Qt::AlignVCenter, part.shown);
    if (hasFocus() && static_cast<int>(i) == current_)
      painter.drawRoundedRect(QRectF(part.place).adjusted(-5.5, 5.5, 5.5, -5.5), 5, 5);
    if (!last) separate(part.place);
  }
}

void Breadcrumb::resizeEvent(QResizeEvent*) { placeParts(); }

/// The parts that gave way, where the dots stand.
bool Breadcrumb::event(QEvent* event) {
  if (event->type() != QEvent::ToolTip) return QWidget::event(event);
  const auto* help = static_cast<QHelpEvent*>(event);
  if (dots_.contains(help->pos()))
    QToolTip::showText(help->globalPos(), accessibleDescription(), this);
  else
    QToolTip::hideText();
  return true;
}

std::span<const Breadcrumb::Key> Breadcrumb::keys() {
  static const char* const walking = QT_TRANSLATE_NOOP("Keys", "Walk the path");
  static const char* const choosing = QT_TRANSLATE_NOOP("Keys", "Select this part of the path");
  static const Key table[] = {
      {Qt::Key_Left, walking, [](Breadcrumb& b) { b.walk(-1); }},
      {Qt::Key_Right, walking, [](Breadcrumb& b) { b.walk(1); }},
      {Qt::Key_Return, choosing, [](Breadcrumb& b) { b.choose(b.current_); }},
      {Qt::Key_Enter, choosing, [](Breadcrumb& b) { b.choose(b.current_); }},
      {Qt::Key_Space, choosing, [](Breadcrumb& b) { b.choose(b.current_); }},
  };
  return table;
}

void Breadcrumb::keyPressEvent(QKeyEvent* event) {
  if (!run_key(keys(), *this, *event)) QWidget::keyPressEvent(event);
}

/// To the next part that is seen.
void Breadcrumb::walk(int step) {
  const int count = static_cast<int>(parts_.size());
  for (int part = current_ + step; part >= 0 && part < count; part += step) {
    if (parts_[static_cast<std::size_t>(part)].place.isEmpty()) continue;
    current_ = part;
    break;
  }
  update();
}

void Breadcrumb::choose(int part) {
  if (part < 0 || part >= static_cast<int>(parts_.size())) return;
  const Element element = parts_[static_cast<std::size_t>(part)].element;
  if (element == Element::group(0))
    document_->selection()->clear();
  else
    document_->selection()->select(element);
}

int Breadcrumb::partAt(const QPoint& point) const {
  for (std::size_t i = 0; i < parts_.size(); ++i)
    if (!parts_[i].place.isEmpty() && parts_[i].place.adjusted(-4, 0, 4, 0).contains(point))
      return static_cast<int>(i);
  return -1;
}

void Breadcrumb::mouseMoveEvent(QMouseEvent* event) {
  hovered_ = partAt(event->pos());
  setCursor(hovered_ >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
  update();
}

void Breadcrumb::mousePressEvent(QMouseEvent* event) { choose(partAt(event->pos())); }

void Breadcrumb::leaveEvent(QEvent*) {
  hovered_ = -1;
  update();
}

}  // namespace lapidary::ui
