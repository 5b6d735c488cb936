#include "ui/compare/tensors_model.h"

#include <QColor>

#include "ui/compare/comparing_runs.h"
#include "ui/document/format.h"

namespace lapidary::ui {

bool isOff(const ComparedTensor& tensor) { return !tensor.ok || tensor.local_parts; }

QString verdict(const ComparedTensor& tensor) {
  if (!tensor.problem.empty()) return text(tensor.problem);
  if (tensor.local_parts) return TensorsModel::tr("parts here");
  return tensor.ok ? TensorsModel::tr("agrees") : TensorsModel::tr("off by what it inherits");
}

void TensorsModel::setResult(std::shared_ptr<const RunComparison> result) {
  beginResetModel();
  result_ = std::move(result);
  endResetModel();
}

int TensorsModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() || !result_ ? 0 : static_cast<int>(result_->tensors.size());
}

QVariant TensorsModel::cell(const ComparedTensor& tensor, int row, Column column, bool sorts) const {
  const auto figure = [&](const std::optional<TensorMetrics>& metrics, auto value) -> QVariant {
    if (!metrics) return sorts ? QVariant(-1.0) : QVariant(QStringLiteral("–"));
    return sorts ? QVariant(value(*metrics)) : QVariant(number(value(*metrics)));
  };
  switch (column) {
    case Tensor:
      // In the order of the model, whatever the names are.
      return sorts ? QVariant(row) : QVariant(text(tensor.pair.a));
    case Node:
      return text(tensor.node);
    case Verdict:
      return sorts ? QVariant(tensor.local_parts ? 2 : !tensor.ok ? 1 : 0) : QVariant(verdict(tensor));
    case MaxAbsolute:
      return figure(tensor.metrics, [](const TensorMetrics& m) { return m.max_absolute; });
    case Relative:
      return figure(tensor.metrics, [](const TensorMetrics& m) { return m.relative_to_scale(); });
    case Own:
      return figure(tensor.local, [](const TensorMetrics& m) { return m.relative_to_scale(); });
    case Amplification:
      if (!tensor.amplification) return sorts ? QVariant(-1.0) : QVariant(QStringLiteral("–"));
      return sorts ? QVariant(*tensor.amplification)
                   : QVariant(QStringLiteral("× ") + number(*tensor.amplification));
    case Cosine:
      return figure(tensor.metrics, [](const TensorMetrics& m) { return m.cosine; });
    case Snr:
      return figure(tensor.metrics, [](const TensorMetrics& m) { return m.snr_db; });
    case Ulp:
      return figure(tensor.metrics, [](const TensorMetrics& m) { return m.ulp_p99; });
    case NotFinite:
      return figure(tensor.metrics,
                    [](const TensorMetrics& m) { return static_cast<double>(m.nan + m.infinite); });
    case ColumnCount:
      break;
  }
  return {};
}

QVariant TensorsModel::data(const QModelIndex& index, int role) const {
  const ComparedTensor& tensor = tensorAt(index.row());
  const auto column = static_cast<Column>(index.column());
  if (role == OffRole) return isOff(tensor);
  if (role == Qt::TextAlignmentRole && column >= MaxAbsolute)
    return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter);
  if (role == Qt::ToolTipRole && column == Tensor)
    return tensor.pair.a == tensor.pair.b
               ? text(tensor.pair.a)
               : tr("%1, held against %2: %3")
                     .arg(text(tensor.pair.a), text(tensor.pair.b), text(tensor.pair.reason));
  if (role == Qt::ToolTipRole) return cell(tensor, index.row(), column, false);
  if (role != Qt::DisplayRole && role != SortRole) return {};
  return cell(tensor, index.row(), column, role == SortRole);
}

QVariant TensorsModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole)
    return static_cast<int>((section >= MaxAbsolute ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
  const QString names[] = {tr("Tensor"),   tr("Made by"),   tr("Verdict"),   tr("Largest"),
                           tr("Relative"), tr("Own error"), tr("Magnifies"), tr("Cosine"),
                           tr("SNR dB"),   tr("ULP 99 %"),  tr("NaN and ∞")};
  const QString tips[] = {tr("In the order in which the model makes them"),
                          tr("The node that makes it"),
                          tr("Whether its own operator is at fault, or what it was given"),
                          tr("Largest absolute difference"),
                          tr("Largest difference, relative to the largest element"),
                          tr("The same where both sides run this operator on the same inputs"),
                          tr("Its relative error over the largest of its inputs'"),
                          tr("Cosine of the angle between both"),
                          tr("Signal-to-noise ratio, in decibels"),
                          tr("99th percentile of the difference, in units in the last place"),
                          tr("Elements that are no finite numbers on either side")};
  if (role == Qt::DisplayRole) return names[section];
  if (role == Qt::ToolTipRole) return tips[section];
  return {};
}

}  // namespace lapidary::ui
