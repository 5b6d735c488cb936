#pragma once

#include <QAbstractListModel>
#include <QListView>
#include <QPointer>

#include "engine/edit/repairs.h"
#include "ui/document/document.h"

namespace lapidary::ui {

/// What a document's check found: operators that cannot run, then problems, worst first.
class ProblemsModel : public QAbstractListModel {
  Q_OBJECT

 public:
  enum Role { SeverityRole = Qt::UserRole, PlaceRole, RepairRole };

  using QAbstractListModel::QAbstractListModel;
  void setDocument(Document* document);
  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  const Problem& problemAt(int row) const { return problems_[static_cast<std::size_t>(row)]; }
  /// The step that takes the problem away; nullptr if there is none.
  const Repair* repairAt(int row) const {
    const auto& repair = repairs_[static_cast<std::size_t>(row)];
    return repair ? &*repair : nullptr;
  }

 private:
  void rebuild();

  QPointer<Document> document_;
  std::vector<Problem> problems_;
  std::vector<std::optional<Repair>> repairs_;  ///< by problem
};

/// The list of problems; choosing one selects the node or value it is about, and what can be repaired has a
/// button for it. Ctrl+Enter repairs, too.
class ProblemsPanel : public QListView {
  Q_OBJECT

 public:
  explicit ProblemsPanel(Theme* theme, QWidget* parent = nullptr);
  void setDocument(Document* document);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;

 private:
  void copy() const;
  void go(const QModelIndex& index);
  void repair(const QModelIndex& index);

  QPointer<Document> document_;
  Theme* theme_;
  ProblemsModel* model_;
};

}  // namespace lapidary::ui
