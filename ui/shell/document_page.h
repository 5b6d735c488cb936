#pragma once

#include <QWidget>

#include "ui/canvas/canvas.h"
#include "ui/shell/banner.h"

class QLabel;
class QPushButton;
class QStackedLayout;

namespace lapidary::ui {

/// The middle of the window for one document: breadcrumb and canvas, or how far opening is, or why it failed.
class DocumentPage : public QWidget {
  Q_OBJECT

 public:
  explicit DocumentPage(Document* document, QWidget* parent = nullptr);
  Document* document() const { return document_; }
  Canvas* canvas() const { return canvas_; }
  Banner* banner() const { return banner_; }
  /// Asks something above the graph.
  void ask(const QString& question, std::vector<Banner::Choice> choices);
  /// Puts a page in the place of the graph until closeOver(); it belongs to this one.
  void showOver(QWidget* over);
  void closeOver();
  QWidget* over() const { return over_; }
  /// What the document has to say above the graph, or nothing.
  void showMessages();

 Q_SIGNALS:
  void openWanted();
  /// The model as it is, beside the file.
  void comparisonWanted(const QString& path);
  void closeWanted();
  /// over() is another.
  void overChanged();

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QWidget* makeWaiting();
  QWidget* makeFailure();
  QWidget* makeContent();
  void showState();

  Document* document_;
  QStackedLayout* stack_;
  QLabel* waitingText_ = nullptr;
  QLabel* failureTitle_ = nullptr;
  QLabel* failureText_ = nullptr;
  QPushButton* again_ = nullptr;
  QPushButton* followLinks_ = nullptr;
  QWidget* waiting_ = nullptr;
  QWidget* failure_ = nullptr;
  QWidget* content_ = nullptr;
  QWidget* over_ = nullptr;
  Canvas* canvas_ = nullptr;
  Banner* banner_ = nullptr;
};

}  // namespace lapidary::ui
