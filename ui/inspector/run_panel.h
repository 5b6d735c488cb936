#pragma once

#include <QPointer>
#include <QScrollArea>
#include <vector>

#include "ui/document/document.h"

class QComboBox;
class QLabel;
class QProgressBar;
class QPushButton;
class QSpinBox;
class QVBoxLayout;

namespace lapidary::ui {

class InputForm;

/// How the model is to be run: where each input's data comes from, free dimensions, repeats; and how far the
/// run is.
class RunPanel : public QScrollArea {
  Q_OBJECT

 public:
  RunPanel(Theme* theme, JobList* jobs, QWidget* parent = nullptr);
  void setDocument(Document* document);

 private:
  void rebuild();
  void addDimensions(QVBoxLayout* column);
  void addInputs(QVBoxLayout* column);
  void addSettings(QVBoxLayout* column);
  void addRun(QVBoxLayout* column);
  void change(const std::function<void(RunSettings&)>& edit);
  void showProgress();

  Theme* theme_;
  JobList* jobs_;
  QPointer<Document> document_;
  QPointer<QPushButton> run_;
  QPointer<QProgressBar> progress_;
  QPointer<QLabel> error_;
};

}  // namespace lapidary::ui
