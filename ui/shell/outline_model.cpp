#include "ui/shell/outline_model.h"

#include <algorithm>
#include <climits>

#include "ui/document/format.h"

namespace lapidary::ui {

OutlineModel::OutlineModel(QObject* parent) : QAbstractItemModel(parent) {}

void OutlineModel::setDocument(Document* document) {
  if (document_)
    disconnect(document_, nullptr, this, nullptr), disconnect(document_->heat(), nullptr, this, nullptr);
  document_ = document;
  if (document) {
    connect(document, &Document::stateChanged, this, &OutlineModel::rebuild);
    connect(document->heat(), &Heat::changed, this, &OutlineModel::sumTimes);
  }
  rebuild();
}

void OutlineModel::rebuild() {
  beginResetModel();
  children_.clear();
  row_of_group_.clear();
  row_of_node_.clear();
  if (document_ && document_->hierarchy()) {
    const auto& groups = document_->hierarchy()->groups;
    const std::vector<int> nodeOrder = runningOrder();
    // Parents stand before their children: from the back, each group's place is known when its parent asks.
    std::vector<int> groupOrder(groups.size(), INT_MAX);
    for (std::size_t g = groups.size(); g-- > 0;) {
      for (const int node : groups[g].nodes)
        groupOrder[g] = std::min(groupOrder[g], nodeOrder[static_cast<std::size_t>(node)]);
      for (const int child : groups[g].children)
        groupOrder[g] = std::min(groupOrder[g], groupOrder[static_cast<std::size_t>(child)]);
    }
    const auto order = [&](Id id) {
      return (isGroup(id) ? groupOrder : nodeOrder)[static_cast<std::size_t>(number(id))];
    };
    children_.resize(groups.size());
    row_of_group_.assign(groups.size(), 0);
    row_of_node_.assign(document_->model()->graph->nodes.size(), -1);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      auto& rows = children_[g];
      for (const int child : groups[g].children) rows.push_back(groupId(child));
      for (const int node : groups[g].nodes) {  // constants are folded into their readers, as on the canvas
        if (!document_->hierarchy()->constant[static_cast<std::size_t>(node)]) rows.push_back(nodeId(node));
      }
      std::stable_sort(rows.begin(), rows.end(), [&](Id a, Id b) { return order(a) < order(b); });
      for (std::size_t row = 0; row < rows.size(); ++row)
        (isGroup(rows[row]) ? row_of_group_ : row_of_node_)[static_cast<std::size_t>(number(rows[row]))] =
            static_cast<int>(row);
    }
  }
  endResetModel();
  sumTimes();
}

/// Where each node stands in the tree: its position, but behind all others if it only passes constants on.
/// Exporters put those ahead of everything, whatever module they belong to.
std::vector<int> OutlineModel::runningOrder() const {
  const GraphIndex& index = *document_->index();
  const auto readsData = [&](int value) {
    return index.producer(value).node >= 0 || (index.is_input(value) && !index.initializer(value));
  };
  const int count = static_cast<int>(document_->model()->graph->nodes.size());
  std::vector<int> order;
  order.reserve(static_cast<std::size_t>(count));
  for (int node = 0; node < count; ++node) {
    const auto inputs = index.inputs_of(node);
    order.push_back(std::any_of(inputs.begin(), inputs.end(), readsData) ? node : INT_MAX);
  }
  return order;
}

void OutlineModel::sumTimes() {
  group_time_.clear();
  if (document_ && document_->hierarchy() && document_->heat()->hasValues()) {
    const auto& groups = document_->hierarchy()->groups;
    group_time_.assign(groups.size(), 0);
    for (std::size_t g = groups.size(); g-- > 0;) {
      for (const int node : groups[g].nodes) group_time_[g] += document_->heat()->valueAt(node);
      for (const int child : groups[g].children)
        group_time_[g] += group_time_[static_cast<std::size_t>(child)];
    }
  }
  if (rowCount() > 0) Q_EMIT dataChanged(index(0, 0), index(0, 0));
}

Element OutlineModel::elementAt(const QModelIndex& index) const {
  const int which = number(index.internalId());
  return isGroup(index.internalId()) ? Element::group(which) : Element::node(which);
}

QModelIndex OutlineModel::indexOf(const Element& element) const {
  const auto at = static_cast<std::size_t>(element.index);
  if (element.kind == Element::Kind::Group && at < row_of_group_.size())
    return createIndex(row_of_group_[at], 0, groupId(element.index));
  if (element.kind == Element::Kind::Node && !element.graph && at < row_of_node_.size() &&
      row_of_node_[at] >= 0)
    return createIndex(row_of_node_[at], 0, nodeId(element.index));
  return {};
}

int OutlineModel::parentGroup(Id id) const {
  const Hierarchy& hierarchy = *document_->hierarchy();
  const auto at = static_cast<std::size_t>(number(id));
  return isGroup(id) ? hierarchy.groups[at].parent : hierarchy.group_of_node[at];
}

QModelIndex OutlineModel::index(int row, int column, const QModelIndex& parent) const {
  if (!hasIndex(row, column, parent)) return {};
  if (!parent.isValid()) return createIndex(row, column, groupId(0));
  return createIndex(
      row, column,
      children_[static_cast<std::size_t>(number(parent.internalId()))][static_cast<std::size_t>(row)]);
}

QModelIndex OutlineModel::parent(const QModelIndex& child) const {
  if (!child.isValid() || !document_ || !document_->hierarchy()) return {};
  const int group = parentGroup(child.internalId());
  if (group < 0) return {};
  return createIndex(row_of_group_[static_cast<std::size_t>(group)], 0, groupId(group));
}

int OutlineModel::rowCount(const QModelIndex& parent) const {
  if (children_.empty()) return 0;
  if (!parent.isValid()) return 1;
  if (!isGroup(parent.internalId())) return 0;
  return static_cast<int>(children_[static_cast<std::size_t>(number(parent.internalId()))].size());
}

/// A node's own name inside its group: the last part of its scope.
QString OutlineModel::nodeName(int node) const {
  const QString name = text(document_->model()->graph->nodes[static_cast<std::size_t>(node)]->label());
  const QString last = name.section(QLatin1Char('/'), -1);
  return last.isEmpty() ? name : last;
}

QVariant OutlineModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || !document_ || !document_->hierarchy()) return {};
  const Id id = index.internalId();
  const auto at = static_cast<std::size_t>(number(id));
  const Hierarchy& hierarchy = *document_->hierarchy();
  const auto& nodes = document_->model()->graph->nodes;
  switch (role) {
    case Qt::DisplayRole:
    case Qt::AccessibleTextRole:
      if (!isGroup(id)) return nodeName(number(id));
      return at == 0 ? document_->title().section(QLatin1Char('.'), 0, 0) : text(hierarchy.groups[at].name);
    case Qt::ToolTipRole:
      return document_->nameOf(elementAt(index));
    case CountRole:
      return isGroup(id) ? QString::number(hierarchy.groups[at].node_count) : text(nodes[at]->op_type);
    case IsGroupRole:
      return isGroup(id);
    case TimeShareRole: {
      if (group_time_.empty() || group_time_[0] <= 0) return -1.0;
      return (isGroup(id) ? group_time_[at] : document_->heat()->valueAt(number(id))) / group_time_[0];
    }
    default:
      return {};
  }
}

}  // namespace lapidary::ui
