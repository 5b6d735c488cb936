#include "ui/shell/commands.h"

#include <QMenu>

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

QString Commands::groupOf(const QAction* action) { return action->property("group").toString(); }

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
