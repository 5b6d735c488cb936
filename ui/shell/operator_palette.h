#pragma once

#include <functional>
#include <vector>

#include "ui/shell/choice_popup.h"

class QListWidget;

namespace lapidary {
class Operator;
struct Model;
}  // namespace lapidary

namespace lapidary::ui {

/// The operators that a model may use, found by name and description.
class OperatorPalette : public ChoicePopup {
  Q_OBJECT

 public:
  explicit OperatorPalette(QWidget* window);
  /// Asks for an operator in the versions that the model imports, of those that fit; `chosen` gets it.
  void open(const Model& model, std::function<void(const Operator&)> chosen,
            const std::function<bool(const Operator&)>& fits = {});

 protected:
  void fill(const QString& typed) override;
  void takeCurrent() override;

 private:
  OperatorPalette(QListWidget* list, QWidget* window);

  QListWidget* list_;
  std::vector<const Operator*> operators_;
  std::function<void(const Operator&)> chosen_;
};

}  // namespace lapidary::ui
