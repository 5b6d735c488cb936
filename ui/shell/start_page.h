#pragma once

#include <QWidget>
#include <vector>

#include "engine/edit/journal.h"

class QLabel;
class QListView;
class QStandardItemModel;
class QVBoxLayout;

namespace lapidary::ui {

class Theme;

/// What the window shows while no model is open: open, sample, and what was open before.
class StartPage : public QWidget {
  Q_OBJECT

 public:
  explicit StartPage(Theme* theme, QWidget* parent = nullptr);
  /// Reads the list of recent files again.
  void refresh();
  /// Edits that no file has, from a program that ended without saving them.
  void setJournals(std::vector<JournalContent> journals);

 Q_SIGNALS:
  void openWanted();
  void sampleWanted();
  void fileWanted(const QString& path);
  void recoveryWanted(const lapidary::JournalContent& journal);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void showEvent(QShowEvent* event) override;

 private:
  QWidget* makeJournalRow(const JournalContent& journal);

  Theme* theme_;
  QLabel* journalsTitle_;
  QVBoxLayout* journals_;  ///< a row each
  QLabel* recentTitle_;
  QListView* recent_;
  QStandardItemModel* files_;
};

}  // namespace lapidary::ui
