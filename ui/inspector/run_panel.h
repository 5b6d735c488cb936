#pragma once

#include <QPointer>
#include <QWidget>

#include "ui/document/document.h"

class QComboBox;
class QLabel;
class QProgressBar;
class QPushButton;
class QScrollArea;
class QSpinBox;
class QVBoxLayout;

namespace lapidary::ui {

/// How the model is to be run: sizes of free dimensions, where each input's data comes from, backend,
/// threads, repeats; and below how far the run is, or why it failed. Files that hold data can be dropped on
/// it.
class RunPanel : public QWidget {
  Q_OBJECT

 public:
  explicit RunPanel(JobList* jobs, QWidget* parent = nullptr);
  void setDocument(Document* document);
  /// Puts the keyboard into the first field: a free dimension, else an input's source.
  void focusFirst();
  /// Takes files as data of inputs.
  void giveFiles(const QStringList& paths);

 protected:
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  void rebuild();
  void fitMargin();
  void addDimensions(QVBoxLayout* column);
  void addInputs(QVBoxLayout* column);
  void addSettings(QVBoxLayout* column);
  QWidget* makeFooter();
  void change(const std::function<void(RunSettings&)>& edit);
  void showProgress();
  void showSettings();
  QComboBox* makeBackends() const;
  void runOrStop();

  JobList* jobs_;
  QPointer<Document> document_;
  QScrollArea* scroll_;
  QPointer<QComboBox> backend_;
  QPointer<QSpinBox> threads_;
  QLabel* note_;
  QPushButton* run_;
  QProgressBar* progress_;
  QLabel* error_;
};

}  // namespace lapidary::ui
