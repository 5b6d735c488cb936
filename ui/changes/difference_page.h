#pragma once

#include <QWidget>
#include <memory>

#include "ui/changes/change_view.h"
#include "ui/changes/over_page.h"

class QLabel;
class QTreeWidget;
class QTreeWidgetItem;

namespace lapidary::ui {

/// A document's model beside one from another file: both graphs, and everything in which they differ as a
/// list.
class DifferencePage : public OverPage {
  Q_OBJECT

 public:
  DifferencePage(Document* document, const QString& otherPath, QWidget* parent = nullptr);
  ~DifferencePage() override;

  /// nullptr until both are there and were compared.
  const ModelDifference* difference() const { return difference_.get(); }
  Document* other() const { return other_; }

 Q_SIGNALS:
  void changed();

 private:
  QWidget* makeList();
  void compare();
  void list();
  QTreeWidgetItem* addSection(const QString& title, std::size_t count);
  void addNodes(const QString& title, const std::vector<NodePlace>& nodes, bool isBefore);
  void go(QTreeWidgetItem* item);

  Document* document_;
  JobList* jobs_;
  Document* other_;
  ChangeView* view_;
  std::unique_ptr<ModelDifference> difference_;
  QLabel* status_;
  QTreeWidget* list_;
};

}  // namespace lapidary::ui
