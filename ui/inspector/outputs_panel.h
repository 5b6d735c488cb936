#pragma once

#include <QPointer>
#include <QWidget>

#include "ui/document/document.h"
#include "ui/inspector/classes.h"

class QLabel;
class QSpinBox;

namespace lapidary::ui {

class RunHint;
class TensorView;

/// Bars of the likeliest classes.
class ClassesView : public QWidget {
  Q_OBJECT

 public:
  explicit ClassesView(Theme* theme, QWidget* parent = nullptr);
  void setClasses(std::vector<ClassShare> classes);
  /// Names and shares onto the clipboard as TSV.
  void copy() const;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  Theme* theme_;
  std::vector<ClassShare> classes_;
};

/// What the last run gave: every output in the tensor viewer, and the likeliest classes where an output holds
/// scores.
class OutputsPanel : public QWidget {
  Q_OBJECT

 public:
  OutputsPanel(Theme* theme, JobList* jobs, QWidget* parent = nullptr);
  void setDocument(Document* document);

 private:
  void refresh();
  void showClasses();
  void showExpected(const std::vector<ClassShare>& classes);

  QPointer<Document> document_;
  RunHint* empty_;
  QWidget* content_;
  QWidget* classesSide_;
  QSpinBox* row_;
  ClassesView* classes_;
  QLabel* expected_;
  TensorView* tensors_;
};

}  // namespace lapidary::ui
