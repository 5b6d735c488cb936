#pragma once

#include <QPointer>
#include <QScrollArea>

#include "ui/document/document.h"

namespace lapidary::ui {

class DescriptionView;
class TensorView;

/// What is selected, all of it: sections in a fixed order, its numbers below, and last its documentation.
class Inspector : public QScrollArea {
  Q_OBJECT

 public:
  Inspector(Theme* theme, JobList* jobs, QWidget* parent = nullptr);
  void setDocument(Document* document);
  const DescriptionView* descriptionView() const { return view_; }
  const DescriptionView* documentationView() const { return documentation_; }

 private:
  void refresh();

  QPointer<Document> document_;
  DescriptionView* view_;
  QWidget* numbersTitle_;
  TensorView* numbers_;
  DescriptionView* documentation_;
};

}  // namespace lapidary::ui
