#pragma once

#include <QWidget>

class QLabel;
class QListView;
class QStandardItemModel;

namespace lapidary::ui {

class Theme;

/// What the window shows while no model is open: open, sample, and what was open before.
class StartPage : public QWidget {
  Q_OBJECT

 public:
  explicit StartPage(Theme* theme, QWidget* parent = nullptr);
  /// Reads the list of recent files again.
  void refresh();

 Q_SIGNALS:
  void openWanted();
  void sampleWanted();
  void fileWanted(const QString& path);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void showEvent(QShowEvent* event) override;

 private:
  Theme* theme_;
  QLabel* recentTitle_;
  QListView* recent_;
  QStandardItemModel* files_;
};

}  // namespace lapidary::ui
