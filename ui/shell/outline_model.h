#pragma once

#include <QAbstractItemModel>
#include <QPointer>
#include <vector>

#include "ui/document/document.h"

namespace lapidary::ui {

/// The module tree of a document: groups with what is directly inside, in graph order.
class OutlineModel : public QAbstractItemModel {
  Q_OBJECT

 public:
  enum Role { CountRole = Qt::UserRole, TimeShareRole, HeatRole, IsGroupRole };

  explicit OutlineModel(QObject* parent = nullptr);
  void setDocument(Document* document);

  Element elementAt(const QModelIndex& index) const;
  /// The row of a node or group of the main graph; invalid for others.
  QModelIndex indexOf(const Element& element) const;

  QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
  QModelIndex parent(const QModelIndex& child) const override;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& = {}) const override { return 1; }
  QVariant data(const QModelIndex& index, int role) const override;

 private:
  /// A row: a group's index, or a node's with the lowest bit set.
  using Id = quintptr;
  static Id groupId(int group) { return static_cast<Id>(group) << 1; }
  static Id nodeId(int node) { return static_cast<Id>(node) << 1 | 1; }
  static bool isGroup(Id id) { return (id & 1) == 0; }
  static int number(Id id) { return static_cast<int>(id >> 1); }

  void rebuild();
  void sumTimes();
  std::vector<int> runningOrder() const;
  int parentGroup(Id id) const;
  QString nodeName(int node) const;

  QPointer<Document> document_;
  std::vector<std::vector<Id>> children_;  ///< by group
  std::vector<int> row_of_group_, row_of_node_;
  std::vector<double> group_time_;  ///< by group, in the heat's unit
};

}  // namespace lapidary::ui
