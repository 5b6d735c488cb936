#pragma once

#include <QWidget>

class QHBoxLayout;

namespace lapidary::ui {

/// A page that stands in the place of a document's graph until Esc closes it: controls of fixed width at the
/// left, what they are about beside them.
class OverPage : public QWidget {
  Q_OBJECT

 public:
  using QWidget::QWidget;

 Q_SIGNALS:
  void closeWanted();

 protected:
  /// To be called once, by who makes the page.
  void place(QWidget* controls, QWidget* content);
  bool event(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
};

}  // namespace lapidary::ui
