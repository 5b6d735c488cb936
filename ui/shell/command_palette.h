#pragma once

#include <QFrame>
#include <QPointer>
#include <QStandardItemModel>

class QAction;
class QLineEdit;
class QListView;

namespace lapidary::ui {

class Commands;

/// The command palette: a field and a list over the window, gone when it loses the focus.
class CommandPalette : public QFrame {
  Q_OBJECT

 public:
  CommandPalette(Commands* commands, QWidget* window);
  void open();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void hideEvent(QHideEvent* event) override;

 private:
  void fill(const QString& typed);
  /// Under the header, as high as its rows need.
  void place();
  /// Closes, and gives the keyboard back to who had it.
  void leave();
  void runCurrent();

  Commands* commands_;
  QLineEdit* field_;
  QListView* list_;
  QStandardItemModel model_;
  QList<QAction*> offered_;  ///< while it is open: menus are filled anew each time
  QPointer<QWidget> before_;
};

}  // namespace lapidary::ui
