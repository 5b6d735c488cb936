#pragma once

#include <QFrame>
#include <functional>
#include <vector>

class QHBoxLayout;
class QLabel;

namespace lapidary::ui {

/// A line above the graph that says something about the document and offers ways on.
class Banner : public QFrame {
  Q_OBJECT

 public:
  struct Choice {
    QString title;
    std::function<void()> run;
  };

  explicit Banner(QWidget* parent = nullptr);
  /// Shows it; the choices stand right, the first is what Enter takes.
  void say(const QString& text, std::vector<Choice> choices);
  QString text() const;

 private:
  QLabel* text_;
  QHBoxLayout* row_;
  std::vector<QWidget*> buttons_;
};

}  // namespace lapidary::ui
