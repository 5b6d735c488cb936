#pragma once

#include <QToolButton>

namespace lapidary::ui {

class Timeline;

/// "run 12 of 20 (median) · 25.9 ms · coverage 98.6 %" beside a timeline's title, with a menu of the repeats.
class RunChoice : public QToolButton {
  Q_OBJECT

 public:
  explicit RunChoice(Timeline* timeline, QWidget* parent = nullptr);

 private:
  void showView();
  void fillMenu();

  Timeline* timeline_;
};

}  // namespace lapidary::ui
