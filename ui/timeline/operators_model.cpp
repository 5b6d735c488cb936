#include "ui/timeline/operators_model.h"

#include <algorithm>

#include "engine/ops/operator_table.h"
#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

QVariant rightAligned() { return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter); }

}  // namespace

void OperatorsModel::setResult(std::shared_ptr<const RunResult> result, ModelPointer model) {
  beginResetModel();
  result_ = std::move(result);
  model_ = std::move(model);
  endResetModel();
}

int OperatorsModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() || !result_ ? 0 : static_cast<int>(result_->summary.operators.size());
}

QVariant OperatorsModel::data(const QModelIndex& index, int role) const {
  const OperatorTime& time = timeAt(index.row());
  const auto column = static_cast<Column>(index.column());
  if (role == Qt::TextAlignmentRole && column >= Time && column <= Rate) return rightAligned();
  if (role == Qt::ToolTipRole) return text(time.note.empty() ? time.node : time.note);
  // Bars compare with the slowest, which stands first.
  if (role == ShareRole)
    return column == Share ? QVariant(time.share / std::max(1e-9, timeAt(0).share)) : QVariant();
  if (role == KindRole) {
    if (time.nodes.empty()) return static_cast<int>(OperatorKind::ShapeAndLayout);
    const auto& node = *model_->graph->nodes[static_cast<std::size_t>(time.nodes.front())];
    return static_cast<int>(kind_of(node.domain, node.op_type));
  }
  if (role != Qt::DisplayRole && role != SortRole) return {};
  const bool sort = role == SortRole;
  switch (column) {
    case Node:
      return text(time.node);
    case Type:
      return text(time.op);
    case Time:
      return sort ? QVariant(time.total_ms) : milliseconds(time.total_ms);
    case Spread:
      return sort ? QVariant(time.deviation_ms) : QStringLiteral("± %1").arg(milliseconds(time.deviation_ms));
    case Share:
      return sort ? QVariant(time.share) : percent(time.share);
    case Flops:
      return sort ? QVariant(time.flops) : time.flops > 0 ? flops(time.flops) : QString();
    case MultiplyAdds:
      return sort ? QVariant(time.macs) : time.macs > 0 ? count(time.macs) : QString();
    case Rate:
      return sort ? QVariant(time.gflops) : time.gflops > 0 ? flopsPerSecond(time.gflops) : QString();
    case Bound:
      return text(time.bound);
    case Implementation:
      return text(time.implementation);
    case ColumnCount:
      break;
  }
  return {};
}

QVariant OperatorsModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole)
    return section >= Time && section <= Rate ? rightAligned()
                                              : static_cast<int>(Qt::AlignLeft | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  const QString names[] = {tr("Operator"), tr("Type"),          tr("Median"), tr("Spread"),   tr("Share"),
                           tr("Work"),     tr("Multiply-adds"), tr("Rate"),   tr("Bound by"), tr("Runs as")};
  return names[section];
}

void OperatorTypesModel::setResult(std::shared_ptr<const RunResult> result, ModelPointer) {
  beginResetModel();
  result_ = std::move(result);
  endResetModel();
}

int OperatorTypesModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() || !result_ ? 0 : static_cast<int>(result_->summary.by_type.size());
}

QVariant OperatorTypesModel::data(const QModelIndex& index, int role) const {
  const TypeTime& time = timeAt(index.row());
  const auto column = static_cast<Column>(index.column());
  if (role == Qt::TextAlignmentRole && column != Type) return rightAligned();
  if (role == OperatorsModel::ShareRole)
    return column == Share ? QVariant(time.share / std::max(1e-9, timeAt(0).share)) : QVariant();
  if (role == OperatorsModel::KindRole) {
    const QString first = text(time.op).section(QLatin1Char(' '), 0, 0);
    return static_cast<int>(kind_of("", first.toStdString()));
  }
  if (role != Qt::DisplayRole && role != OperatorsModel::SortRole) return {};
  const bool sort = role == OperatorsModel::SortRole;
  switch (column) {
    case Type:
      return text(time.op);
    case Calls:
      return time.calls;
    case Time:
      return sort ? QVariant(time.total_ms) : milliseconds(time.total_ms);
    case Spread:
      return sort ? QVariant(time.deviation_ms) : QStringLiteral("± %1").arg(milliseconds(time.deviation_ms));
    case Share:
      return sort ? QVariant(time.share) : percent(time.share);
    case Flops:
      return sort ? QVariant(time.flops) : time.flops > 0 ? flops(time.flops) : QString();
    case MultiplyAdds:
      return sort ? QVariant(time.macs) : time.macs > 0 ? count(time.macs) : QString();
    case Rate:
      return sort ? QVariant(time.gflops) : time.gflops > 0 ? flopsPerSecond(time.gflops) : QString();
    case ColumnCount:
      break;
  }
  return {};
}

QVariant OperatorTypesModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole)
    return section != Type ? rightAligned() : static_cast<int>(Qt::AlignLeft | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  const QString names[] = {tr("Type"),  tr("Calls"), tr("Median"),        tr("Spread"),
                           tr("Share"), tr("Work"),  tr("Multiply-adds"), tr("Rate")};
  return names[section];
}

}  // namespace lapidary::ui
