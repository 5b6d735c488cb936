#pragma once

#include <QAbstractTableModel>
#include <memory>

#include "engine/compare/run_comparison.h"

namespace lapidary::ui {

/// A row for each tensor that two runs have in common, in the order in which the first model makes them.
class TensorsModel : public QAbstractTableModel {
  Q_OBJECT

 public:
  enum Column {
    Tensor,
    Node,
    Verdict,
    MaxAbsolute,
    Relative,
    Own,
    Amplification,
    Cosine,
    Snr,
    Ulp,
    NotFinite,
    ColumnCount
  };
  /// SortRole gives numbers where cells show text; OffRole is true for what is not as it should be.
  enum Role { SortRole = Qt::UserRole, OffRole };

  using QAbstractTableModel::QAbstractTableModel;
  void setResult(std::shared_ptr<const RunComparison> result);
  const ComparedTensor& tensorAt(int row) const { return result_->tensors[static_cast<std::size_t>(row)]; }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& = {}) const override { return ColumnCount; }
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  /// Text, or with SortRole a number.
  QVariant cell(const ComparedTensor& tensor, int row, Column column, bool sorts) const;

  std::shared_ptr<const RunComparison> result_;
};

/// "agrees", "parts here", "off by what it inherits", or why it was not compared.
QString verdict(const ComparedTensor& tensor);
/// True if a person should look at it.
bool isOff(const ComparedTensor& tensor);

}  // namespace lapidary::ui
