#include "ui/shell/breadcrumb.h"

#include <QMouseEvent>
#include <QPainter>
#include <algorithm>

#include "ui/document/format.h"

namespace lapidary::ui {

Breadcrumb::Breadcrumb(Document* document, QWidget* parent) : QWidget(parent), document_(document) {
  setFixedHeight(32);
  setMouseTracking(true);
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
      parts_.push_back({document_->nameOf(*current).section(QLatin1Char('/'), -1), *current, {}});
    if (current && current->kind == Element::Kind::Value)
      parts_.push_back({text(current->value), *current, {}});
    int group = !current                                ? 0
                : current->kind == Element::Kind::Group ? current->index
                                                        : document_->groupOf(*current);
    for (; group > 0; group = document_->hierarchy()->groups[static_cast<std::size_t>(group)].parent)
      parts_.push_back({text(document_->hierarchy()->groups[static_cast<std::size_t>(group)].name),
                        Element::group(group),
                        {}});
    parts_.push_back({document_->title().section(QLatin1Char('.'), 0, 0), Element::group(0), {}});
    std::reverse(parts_.begin(), parts_.end());
    QStringList names;
    for (const Part& part : parts_) names += part.text;
    setAccessibleDescription(names.join(QStringLiteral(" › ")));
  }
  update();
}

void Breadcrumb::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const ThemeColors& colors = document_->theme()->colors();
  int x = 16;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    Part& part = parts_[i];
    const QString shown = shortened(part.text, 40);
    part.place = QRect(x, 0, fontMetrics().horizontalAdvance(shown), height());
    const bool last = i + 1 == parts_.size();
    painter.setPen(static_cast<int>(i) == hovered_ ? colors.accent : last ? colors.text : colors.weakText);
    painter.drawText(part.place, Qt::AlignVCenter, shown);
    x = part.place.right() + 1;
    if (last) break;
    painter.setPen(colors.weakText);
    painter.drawText(QRect(x, 0, 20, height()), Qt::AlignCenter, QStringLiteral("›"));
    x += 20;
  }
}

int Breadcrumb::partAt(const QPoint& point) const {
  for (std::size_t i = 0; i < parts_.size(); ++i)
    if (parts_[i].place.adjusted(-4, 0, 4, 0).contains(point)) return static_cast<int>(i);
  return -1;
}

void Breadcrumb::mouseMoveEvent(QMouseEvent* event) {
  hovered_ = partAt(event->pos());
  setCursor(hovered_ >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
  update();
}

void Breadcrumb::mousePressEvent(QMouseEvent* event) {
  const int part = partAt(event->pos());
  if (part < 0) return;
  const Element element = parts_[static_cast<std::size_t>(part)].element;
  if (element == Element::group(0))
    document_->selection()->clear();
  else
    document_->selection()->select(element);
}

void Breadcrumb::leaveEvent(QEvent*) {
  hovered_ = -1;
  update();
}

}  // namespace lapidary::ui
