#pragma once

#include <QList>

class QWidget;

namespace lapidary::ui {

/// Moves the keyboard to the next (step 1) or previous (step -1) of the window's places that is visible and
/// has something to focus.
void focus_place(const QList<QWidget*>& places, int step);

}  // namespace lapidary::ui
