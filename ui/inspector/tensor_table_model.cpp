#include "ui/inspector/tensor_table_model.h"

#include <algorithm>

namespace lapidary::ui {

namespace {

/// Views count pixels in int; more rows than this could not be scrolled to.
constexpr std::int64_t mostRows = 50'000'000, mostColumns = 10'000'000;

}  // namespace

void TensorTableModel::setTensor(const Tensor& tensor) {
  beginResetModel();
  tensor_ = tensor;
  slice_.assign(tensor.dims().size() > 2 ? tensor.dims().size() - 2 : 0, 0);
  endResetModel();
}

void TensorTableModel::setSlice(const Slice& slice) {
  beginResetModel();
  slice_ = slice;
  endResetModel();
}

std::int64_t TensorTableModel::rows() const {
  const Dims& dims = tensor_.dims();
  return dims.empty() ? 1 : dims.size() == 1 ? dims[0] : dims[dims.size() - 2];
}

std::int64_t TensorTableModel::columns() const {
  return tensor_.dims().size() < 2 ? 1 : tensor_.dims().back();
}

std::int64_t TensorTableModel::elementOf(const QModelIndex& index) const {
  std::int64_t matrix = 0;
  for (std::size_t axis = 0; axis < slice_.size(); ++axis)
    matrix = matrix * tensor_.dims()[axis] + slice_[axis];
  return (matrix * rows() + index.row()) * columns() + index.column();
}

bool TensorTableModel::isCut() const {
  return tensor_.size() > 0 && (rows() > mostRows || columns() > mostColumns);
}

int TensorTableModel::rowCount(const QModelIndex& parent) const {
  if (parent.isValid() || tensor_.size() == 0) return 0;
  return static_cast<int>(std::min(rows(), mostRows));
}

int TensorTableModel::columnCount(const QModelIndex& parent) const {
  if (parent.isValid() || tensor_.size() == 0) return 0;
  return static_cast<int>(std::min(columns(), mostColumns));
}

QVariant TensorTableModel::data(const QModelIndex& index, int role) const {
  if (role == Qt::TextAlignmentRole) return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter);
  if (role == Qt::DisplayRole || role == Qt::EditRole) return element_text(tensor_, elementOf(index));
  return {};
}

Qt::ItemFlags TensorTableModel::flags(const QModelIndex& index) const {
  const Qt::ItemFlags flags = QAbstractTableModel::flags(index);
  return editable_ ? flags | Qt::ItemIsEditable : flags;
}

bool TensorTableModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  if (role != Qt::EditRole || !editable_ || value == data(index, Qt::DisplayRole)) return false;
  Q_EMIT numberTyped(elementOf(index), value.toString());
  return true;
}

QVariant TensorTableModel::headerData(int section, Qt::Orientation, int role) const {
  return role == Qt::DisplayRole ? QVariant(section) : QVariant();
}

}  // namespace lapidary::ui
