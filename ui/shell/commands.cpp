#include "ui/shell/commands.h"

#include <QDockWidget>
#include <QMenu>
#include <QToolBar>

namespace lapidary::ui {

Commands::Commands(QWidget* window) : QObject(window), window_(window) {}

QAction* Commands::insert(QMenu* menu, const QString& text, const QKeySequence& shortcut) {
  QAction* action = menu->addAction(text);
  action->setShortcut(shortcut);
  action->setProperty("group", menu->title().remove(QLatin1Char('&')));
  // The menu bar may be hidden; the window keeps the shortcuts alive.
  window_->addAction(action);
  actions_.append(action);
  return action;
}

QAction* Commands::add(QMenu* menu, const QString& text, const QKeySequence& shortcut,
                       std::function<void()> run) {
  QAction* action = insert(menu, text, shortcut);
  connect(action, &QAction::triggered, this, [run = std::move(run)] { run(); });
  return action;
}

QAction* Commands::addToggle(QMenu* menu, const QString& text, const QKeySequence& shortcut, bool on,
                             std::function<void(bool)> changed) {
  QAction* action = insert(menu, text, shortcut);
  action->setCheckable(true);
  action->setChecked(on);
  connect(action, &QAction::toggled, this, std::move(changed));
  return action;
}

QList<QAction*> Commands::everything() const {
  for (QMenu* menu : window_->findChildren<QMenu*>()) Q_EMIT menu->aboutToShow();
  QList<QAction*> found = actions_;
  const QSet<QAction*> commands(actions_.begin(), actions_.end());
  for (QAction* action : window_->findChildren<QAction*>()) {
    const bool isNamed = !action->text().isEmpty() && !action->isSeparator() && !action->menu();
    // Docks and tool bars bring an action to be shown with; the window has commands for that.
    const bool isQts =
        qobject_cast<QDockWidget*>(action->parent()) || qobject_cast<QToolBar*>(action->parent());
    const auto* view = qobject_cast<QWidget*>(action->parent());
    const bool isThere = qobject_cast<const QMenu*>(view) || (view && view->isVisible());
    if (isNamed && !isQts && isThere && !commands.contains(action)) found += action;
  }
  return found;
}

QString Commands::groupOf(const QAction* action) {
  const QVariant group = action->property("group");
  if (group.isValid()) return group.toString();
  if (const auto* menu = qobject_cast<QMenu*>(action->parent())) return menu->title();
  const auto* view = qobject_cast<QWidget*>(action->parent());
  return view ? view->accessibleName() : QString();
}

int fuzzyScore(const QString& typed, const QString& text) {
  int score = 0, at = 0, previous = -2;
  for (const QChar letter : typed) {
    if (letter.isSpace()) continue;
    int found = at;
    while (found < text.size() && text[found].toCaseFolded() != letter.toCaseFolded()) ++found;
    if (found == text.size()) return -1;
    const bool startsWord = found == 0 || !text[found - 1].isLetterOrNumber();
    score += 1 + (startsWord ? 8 : 0) + (found == previous + 1 ? 5 : 0);
    previous = found;
    at = found + 1;
  }
  // Of two that fit alike the shorter one is meant.
  return score * 100 - static_cast<int>(text.size());
}

}  // namespace lapidary::ui
