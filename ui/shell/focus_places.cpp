#include "ui/shell/focus_places.h"

#include <QApplication>
#include <QWidget>

namespace lapidary::ui {

namespace {

bool takesFocus(const QWidget* widget) {
  return widget->isVisible() && widget->isEnabled() && (widget->focusPolicy() & Qt::TabFocus);
}

/// The place itself, or the first in it that the Tab key would reach.
QWidget* firstIn(QWidget* place) {
  if (takesFocus(place)) return place;
  for (QWidget* widget = place->nextInFocusChain(); widget && widget != place;
       widget = widget->nextInFocusChain())
    if (place->isAncestorOf(widget) && takesFocus(widget)) return widget;
  return nullptr;
}

}  // namespace

void focus_place(const QList<QWidget*>& places, int step) {
  const QWidget* focused = QApplication::focusWidget();
  const int count = static_cast<int>(places.size());
  int current = step > 0 ? -1 : count;
  for (int i = 0; i < count; ++i)
    if (focused && (places[i] == focused || places[i]->isAncestorOf(focused))) current = i;
  for (int tried = 1; tried <= count; ++tried) {
    QWidget* place = places[((current + step * tried) % count + count) % count];
    QWidget* first = place->isVisible() ? firstIn(place) : nullptr;
    if (!first) continue;
    first->setFocus(Qt::TabFocusReason);
    return;
  }
}

}  // namespace lapidary::ui
