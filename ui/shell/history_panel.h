#pragma once

#include <QListWidget>
#include <QPointer>

#include "ui/document/document.h"

namespace lapidary::ui {

/// The edits of a document, the first on top; choosing one goes there. What was undone is weak.
class HistoryPanel : public QListWidget {
  Q_OBJECT

 public:
  explicit HistoryPanel(Theme* theme, QWidget* parent = nullptr);
  void setDocument(Document* document);

 private:
  void rebuild();

  Theme* theme_;
  QPointer<Document> document_;
};

}  // namespace lapidary::ui
