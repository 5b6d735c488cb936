#pragma once

#include <QWidget>

#include "ui/document/view_keys.h"

class QListView;

namespace lapidary::ui {

class JobList;
class Theme;

/// All jobs with how far they are, how they ended, and their errors; the cross or Delete cancels one that
/// runs, and Delete forgets one that ended.
class JobsPanel : public QWidget {
  Q_OBJECT

 public:
  JobsPanel(Theme* theme, JobList* jobs, QWidget* parent = nullptr);
  /// Its keys, for the list of keys.
  static QList<KeyHelp> keyHelp() { return key_help(keys()); }

 protected:
  void keyPressEvent(QKeyEvent* event) override;

 private:
  using Key = ViewKey<JobsPanel>;
  static std::span<const Key> keys();
  void endOrForget(int row);
  void updateEmpty();
  void showMenu(const QPoint& place);
  void copy(int row) const;

  JobList* jobs_;
  QListView* list_;
  QWidget* empty_;
};

}  // namespace lapidary::ui
