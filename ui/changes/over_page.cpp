#include "ui/changes/over_page.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QKeyEvent>

namespace lapidary::ui {

void OverPage::place(QWidget* controls, QWidget* content) {
  constexpr int controlsWidth = 328;
  controls->setFixedWidth(controlsWidth);
  auto* line = new QFrame;
  line->setObjectName(QStringLiteral("line"));
  line->setFixedWidth(1);
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(0);
  row->addWidget(controls);
  row->addWidget(line);
  row->addWidget(content, 1);
}

/// Esc is a command of the window, but means something else here.
bool OverPage::event(QEvent* event) {
  if (event->type() == QEvent::ShortcutOverride && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape)
    event->accept();
  return QWidget::event(event);
}

void OverPage::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Escape)
    Q_EMIT closeWanted();
  else
    QWidget::keyPressEvent(event);
}

}  // namespace lapidary::ui
