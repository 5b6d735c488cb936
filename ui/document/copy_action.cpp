#include "ui/document/copy_action.h"

#include <QAction>
#include <QWidget>

namespace lapidary::ui {

QAction* add_copy_action(QWidget* view, const QString& text, std::function<void()> copy) {
  auto* action = new QAction(text, view);
  action->setShortcut(QKeySequence::Copy);
  action->setShortcutContext(Qt::WidgetShortcut);
  QObject::connect(action, &QAction::triggered, view, [copy = std::move(copy)] { copy(); });
  view->addAction(action);
  view->setContextMenuPolicy(Qt::ActionsContextMenu);
  if (view->focusPolicy() == Qt::NoFocus) view->setFocusPolicy(Qt::StrongFocus);
  return action;
}

}  // namespace lapidary::ui
