#pragma once

#include <QAction>
#include <QKeySequence>
#include <QList>
#include <QObject>
#include <functional>

class QMenu;
class QWidget;

namespace lapidary::ui {

/// Every command of the window, once: menus, header buttons, command palette and the list of keys are made
/// from these.
class Commands : public QObject {
  Q_OBJECT

 public:
  explicit Commands(QWidget* window);

  /// A command that stands in `menu`; the text is what menu and palette show.
  QAction* add(QMenu* menu, const QString& text, const QKeySequence& shortcut, std::function<void()> run);
  /// The same for something that is on or off.
  QAction* addToggle(QMenu* menu, const QString& text, const QKeySequence& shortcut, bool on,
                     std::function<void(bool)> changed);
  /// All, in menu order.
  const QList<QAction*>& all() const { return actions_; }
  /// All, then what menus that are filled on demand and the views that are seen offer: every action there is.
  QList<QAction*> everything() const;
  /// "File" for a command of the File menu, the view's name for an action of a view.
  static QString groupOf(const QAction* action);

 private:
  QAction* insert(QMenu* menu, const QString& text, const QKeySequence& shortcut);

  QWidget* window_;
  QList<QAction*> actions_;
};

/// How well `typed` fits a command's text: letters in order count, more at the start of words; below 0 it
/// does not fit.
int fuzzyScore(const QString& typed, const QString& text);

}  // namespace lapidary::ui
