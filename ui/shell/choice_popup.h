#pragma once

#include <QFrame>
#include <QPointer>

class QAbstractItemView;
class QLineEdit;

namespace lapidary::ui {

/// A field to type in and a list to choose from, over the window; gone when it loses the focus. Up, Down and
/// the page keys walk the list while one types, Enter takes, Escape leaves.
class ChoicePopup : public QFrame {
  Q_OBJECT

 protected:
  ChoicePopup(QAbstractItemView* list, QWidget* window);
  QLineEdit* field() const { return field_; }

  /// Shows it, with an empty field and what fill() offers for that.
  void appear();
  /// Closes, and gives the keyboard back to who had it.
  void leave();
  /// Under the header, at most `height` high.
  void place(int height);
  /// Lists what fits the typed text, the best first.
  virtual void fill(const QString& typed) = 0;
  /// The current one was chosen.
  virtual void takeCurrent() = 0;

  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  bool press(int key);

  QLineEdit* field_;
  QAbstractItemView* choices_;
  QPointer<QWidget> before_;
};

}  // namespace lapidary::ui
