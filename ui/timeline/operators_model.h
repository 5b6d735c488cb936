#pragma once

#include <QAbstractTableModel>
#include <QPointer>

#include "ui/document/document.h"

namespace lapidary::ui {

/// A row for each operator as it was executed in the last run.
class OperatorsModel : public QAbstractTableModel {
  Q_OBJECT

 public:
  enum Column {
    Node,
    Type,
    Time,
    Spread,
    Share,
    Flops,
    MultiplyAdds,
    Rate,
    Bound,
    Implementation,
    ColumnCount
  };
  /// SortRole gives numbers where cells show text; ShareRole the part of the largest share, for the bar.
  enum Role { SortRole = Qt::UserRole, ShareRole, KindRole };

  using QAbstractTableModel::QAbstractTableModel;
  void setResult(std::shared_ptr<const RunResult> result, ModelPointer model);
  const OperatorTime& timeAt(int row) const {
    return result_->summary.operators[static_cast<std::size_t>(row)];
  }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& = {}) const override { return ColumnCount; }
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  std::shared_ptr<const RunResult> result_;
  ModelPointer model_;
};

/// A row for each type of operator.
class OperatorTypesModel : public QAbstractTableModel {
  Q_OBJECT

 public:
  enum Column { Type, Calls, Time, Spread, Share, Flops, MultiplyAdds, Rate, ColumnCount };

  using QAbstractTableModel::QAbstractTableModel;
  void setResult(std::shared_ptr<const RunResult> result, ModelPointer model);
  const TypeTime& timeAt(int row) const { return result_->summary.by_type[static_cast<std::size_t>(row)]; }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& = {}) const override { return ColumnCount; }
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  std::shared_ptr<const RunResult> result_;
};

}  // namespace lapidary::ui
