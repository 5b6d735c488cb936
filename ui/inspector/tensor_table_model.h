#pragma once

#include <QAbstractTableModel>

#include "ui/inspector/tensor_statistics.h"

namespace lapidary::ui {

/// The last two dimensions of a tensor as rows and columns, read straight from its bytes, up to 50 million
/// rows and 10 million columns. A tensor of rank 1 is one column.
class TensorTableModel : public QAbstractTableModel {
  Q_OBJECT

 public:
  using QAbstractTableModel::QAbstractTableModel;

  void setTensor(const Tensor& tensor);
  const Tensor& tensor() const { return tensor_; }
  void setSlice(const Slice& slice);
  const Slice& slice() const { return slice_; }
  /// Whether numbers can be typed; numberTyped() says so, and the tensor stays as it is.
  void setEditable(bool editable) { editable_ = editable; }
  /// True where the tensor has more rows or columns than a view can scroll to.
  bool isCut() const;
  /// Position of a cell in the tensor's elements.
  std::int64_t elementOf(const QModelIndex& index) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;
  bool setData(const QModelIndex& index, const QVariant& value, int role) override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 Q_SIGNALS:
  void numberTyped(qint64 position, const QString& typed);

 private:
  std::int64_t rows() const;
  std::int64_t columns() const;

  Tensor tensor_;
  Slice slice_;
  bool editable_ = false;
};

}  // namespace lapidary::ui
