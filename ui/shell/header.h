#pragma once

#include <QPointer>
#include <QWidget>

#include "ui/document/document.h"

class QMenu;
class QProgressBar;
class QPushButton;
class QTabBar;
class QToolButton;

namespace lapidary::ui {

class FindBox;

/// The 44 px row on top: menu, tabs of open models, find box in the middle, backend and Run at the right.
class Header : public QWidget {
  Q_OBJECT

 public:
  explicit Header(Theme* theme, QWidget* parent = nullptr);
  void setDocument(Document* document);

  QTabBar* tabs() const { return tabs_; }
  FindBox* find() const { return find_; }
  QMenu* mainMenu() const { return mainMenu_; }
  QToolButton* plus() const { return plus_; }

 Q_SIGNALS:
  void runWanted();
  void runSettingsWanted();
  void optimizeWanted();

 private:
  QWidget* makeLeft();
  QWidget* makeRight();
  void fillBackends();
  void chooseBackend(const std::string& backend, int threads);
  void updateRun();
  void updateIcons();

  Theme* theme_;
  QPointer<Document> document_;
  QTabBar* tabs_;
  QToolButton* plus_;
  QToolButton* menuButton_;
  FindBox* find_;
  QMenu* mainMenu_;
  QMenu* backends_;
  QPushButton* backend_;
  QPushButton* run_;
  QPushButton* optimize_;
  QToolButton* runSettings_;
};

}  // namespace lapidary::ui
