#pragma once

#include <QPointer>
#include <QWidget>

class QLabel;
class QProgressBar;
class QPushButton;

namespace lapidary::ui {

class Document;

/// What stands where a run's results belong while there are none: that one may run, how far the run is, or
/// why it failed, with the button that leads on.
class RunHint : public QWidget {
  Q_OBJECT

 public:
  /// `invitation` says what a run would show here.
  explicit RunHint(const QString& invitation, QWidget* parent = nullptr);
  void setDocument(Document* document);
  /// Shows itself in place of `results` while it has something to say.
  void standInFor(QWidget* results);

 private:
  /// True while the hint has something to say: there is no result, or the last run failed.
  bool isWanted() const;
  void refresh();
  void act();

  QString invitation_;
  QPointer<Document> document_;
  QPointer<QWidget> results_;
  QLabel* line_;
  QProgressBar* progress_;
  QPushButton* button_;
  QPushButton* settings_;
};

}  // namespace lapidary::ui
