#pragma once

#include <QJsonObject>
#include <QObject>
#include <QString>

namespace lapidary::ui {

class Document;
class MainWindow;

/// Measures a start from outside: milliseconds since the process began, at each step until the model is
/// painted.
class StartupReport : public QObject {
  Q_OBJECT

 public:
  struct Wishes {
    QString reportPath, screenshotPath;  ///< empty: none
    QString node, panel;                 ///< what the picture shows selected, and opened; empty: nothing
    QString command;                     ///< what is chosen from the window's menus first
    bool quit = false;                   ///< end the program once painted
    bool run = false;                    ///< run the model first, and show its result
  };

  StartupReport(MainWindow* window, Wishes wishes);
  void windowShown();
  /// Follows this document to its first full paint; nullptr if none is opened.
  void watch(Document* document);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void mark(const QString& step);
  void painted();
  void runAndFinish();
  void prepare();
  void finish();
  void takeWhenIdle();

  MainWindow* window_;
  Document* document_ = nullptr;
  Wishes wishes_;
  QJsonObject report_;
  bool laidOut_ = false, painted_ = false;
  int settled_ = 0;
};

}  // namespace lapidary::ui
