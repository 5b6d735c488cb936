#pragma once

#include <QStandardItemModel>

#include "ui/shell/choice_popup.h"

class QAction;
class QListView;

namespace lapidary::ui {

class Commands;

/// The command palette: every command by its name.
class CommandPalette : public ChoicePopup {
  Q_OBJECT

 public:
  CommandPalette(Commands* commands, QWidget* window);
  void open();

 protected:
  void hideEvent(QHideEvent* event) override;
  void fill(const QString& typed) override;
  /// Runs it.
  void takeCurrent() override;

 private:
  /// The height that its rows need.
  int neededHeight() const;

  CommandPalette(Commands* commands, QListView* list, QWidget* window);

  Commands* commands_;
  QListView* list_;
  QStandardItemModel model_;
  QList<QAction*> offered_;  ///< while it is open: menus are filled anew each time
};

}  // namespace lapidary::ui
