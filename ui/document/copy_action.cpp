#include "ui/document/copy_action.h"

#include <QAbstractItemModel>
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

QString tabbed_text(const QAbstractItemModel& model) {
  QString lines;
  for (int row = -1; row < model.rowCount(); ++row)
    for (int column = 0; column < model.columnCount(); ++column)
      lines +=
          (row < 0 ? model.headerData(column, Qt::Horizontal) : model.index(row, column).data()).toString() +
          QLatin1Char(column + 1 == model.columnCount() ? '\n' : '\t');
  return lines;
}

}  // namespace lapidary::ui
