#pragma once

#include <functional>
#include <vector>

#include "ui/shell/choice_popup.h"

class QListWidget;

namespace lapidary::ui {

/// Lets choose one of a list that is asked for, by typing a part of its name.
class ListPalette : public ChoicePopup {
  Q_OBJECT

 public:
  explicit ListPalette(QWidget* window);

  struct Choices {
    QString question;
    std::vector<QString> names;
    /// What stands behind a name that is shown, and why it cannot be chosen; empty where it can.
    std::function<QString(std::size_t)> detail = nullptr, refusal = nullptr;
    std::function<void(std::size_t)> chosen;
  };
  void open(Choices choices);

 protected:
  void fill(const QString& typed) override;
  void takeCurrent() override;

 private:
  ListPalette(QListWidget* list, QWidget* window);

  QListWidget* list_;
  Choices choices_;
};

}  // namespace lapidary::ui
