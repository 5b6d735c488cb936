#pragma once

#include <QPointer>
#include <QTreeView>

#include "ui/shell/outline_model.h"

namespace lapidary::ui {

/// The module tree with counts and, once the model ran, each row's share of the time as a bar.
class OutlinePanel : public QTreeView {
  Q_OBJECT

 public:
  explicit OutlinePanel(Theme* theme, QWidget* parent = nullptr);
  void setDocument(Document* document);

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;

 private:
  void reset() override;
  void followSelection();
  void selectRow(const QModelIndex& index);

  QPointer<Document> document_;
  OutlineModel* model_;
};

}  // namespace lapidary::ui
