#pragma once

#include <QWidget>

class QListView;

namespace lapidary::ui {

class JobList;

/// All jobs with how far they are, how they ended, and their errors; the cross or Delete cancels one.
class JobsPanel : public QWidget {
  Q_OBJECT

 public:
  explicit JobsPanel(JobList* jobs, QWidget* parent = nullptr);

 protected:
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void updateEmpty();

  JobList* jobs_;
  QListView* list_;
  QWidget* empty_;
};

}  // namespace lapidary::ui
