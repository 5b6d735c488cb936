#include "ui/document/focus_frame.h"

#include <QPainter>
#include <QWidget>

#include "ui/document/theme.h"

namespace lapidary::ui {

void paint_focus(QPainter& painter, const QWidget& view, const Theme& theme) {
  if (!view.hasFocus()) return;
  painter.setPen(theme.colors().accent);
  painter.setBrush(Qt::NoBrush);
  painter.drawRoundedRect(QRectF(view.rect()).adjusted(4.5, 0.5, -4.5, -0.5), 7, 7);
}

}  // namespace lapidary::ui
