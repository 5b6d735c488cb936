#pragma once

class QPainter;
class QWidget;

namespace lapidary::ui {

class Theme;

/// Frames a view that paints itself, while it has the keyboard.
void paint_focus(QPainter& painter, const QWidget& view, const Theme& theme);

}  // namespace lapidary::ui
