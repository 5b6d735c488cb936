#pragma once

#include <QLineEdit>
#include <QPointer>
#include <QTimer>
#include <vector>

#include "ui/document/document.h"

class QLabel;

namespace lapidary::ui {

/// The field in the header that finds nodes; Enter and F3 walk the results through the document's selection.
class FindBox : public QLineEdit {
  Q_OBJECT

 public:
  explicit FindBox(Theme* theme, QWidget* parent = nullptr);
  void setDocument(Document* document);
  /// Selects the next result, or the one before; starts over at the ends.
  void walk(int step);
  const std::vector<Element>& results() const { return results_; }

 protected:
  void resizeEvent(QResizeEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void startSearch();
  void searchAgain();
  void showCount();

  QPointer<Document> document_;
  QLabel* count_;
  QTimer pause_;  ///< a search starts when one stops typing
  std::vector<Element> results_;
  int current_ = -1;
  bool walkWhenFound_ = false;
};

}  // namespace lapidary::ui
