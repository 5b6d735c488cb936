#pragma once

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>

#include "ui/document/document.h"

class QLabel;
class QProgressBar;

namespace lapidary::ui {

/// How far the job is that a document waits for, with a button that ends it. Shows itself once waiting has
/// lasted long enough to be noticed, and hides when it is over.
class JobProgress : public QWidget {
  Q_OBJECT

 public:
  explicit JobProgress(Document* document, QWidget* parent = nullptr);

 private:
  void follow();

  Document* document_;
  QElapsedTimer waiting_;  ///< since the first of the jobs in a row
  QTimer patience_;
  QLabel* title_;
  QProgressBar* bar_;
};

}  // namespace lapidary::ui
