#pragma once

#include <QFrame>
#include <QPointer>
#include <functional>
#include <vector>

class QLineEdit;
class QListWidget;

namespace lapidary {
class Operator;
struct Model;
}  // namespace lapidary

namespace lapidary::ui {

/// A field and the operators that a model may use, found by name and description; gone when it loses the
/// focus.
class OperatorPalette : public QFrame {
  Q_OBJECT

 public:
  explicit OperatorPalette(QWidget* window);
  /// Asks for an operator in the versions that the model imports; `chosen` gets it.
  void open(const Model& model, std::function<void(const Operator&)> chosen);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void fill(const QString& typed);
  void leave();
  void takeCurrent();

  QLineEdit* field_;
  QListWidget* list_;
  std::vector<const Operator*> operators_;
  std::function<void(const Operator&)> chosen_;
  QPointer<QWidget> before_;
};

}  // namespace lapidary::ui
