#include "ui/changes/change_view.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QSplitter>
#include <QVBoxLayout>
#include <string_view>
#include <unordered_set>

namespace lapidary::ui {

NodeChanges node_changes(const ModelDifference& difference, const Model& before, const Model& after) {
  const GraphDifference& graph = difference.graphs.front();
  NodeChanges changes;
  changes.before.assign(before.graph->nodes.size(), BoxChange::None);
  changes.after.assign(after.graph->nodes.size(), BoxChange::None);
  changes.counterpart.assign(before.graph->nodes.size(), -1);
  for (const NodePair& pair : graph.pairs) {
    const auto from = static_cast<std::size_t>(pair.before.position),
               to = static_cast<std::size_t>(pair.after.position);
    changes.counterpart[from] = pair.after.position;
    if (pair.differences.empty()) continue;
    changes.before[from] = changes.after[to] = BoxChange::Changed;
    ++changes.changed;
  }
  for (const NodePlace& node : graph.removed)
    changes.before[static_cast<std::size_t>(node.position)] = BoxChange::Removed;
  for (const NodePlace& node : graph.added)
    changes.after[static_cast<std::size_t>(node.position)] = BoxChange::Added;
  changes.removed = static_cast<int>(graph.removed.size());
  changes.added = static_cast<int>(graph.added.size());
  return changes;
}

ChangeView::ChangeView(Document* before, Document* after, QWidget* parent)
    : QWidget(parent),
      beforeDocument_(before),
      afterDocument_(after),
      before_(new Canvas(before)),
      after_(new Canvas(after)),
      beforeTitle_(new QLabel),
      afterTitle_(new QLabel),
      beforeCount_(new QLabel),
      afterCount_(new QLabel) {
  auto* sides = new QSplitter;
  sides->setChildrenCollapsible(false);
  sides->setHandleWidth(1);
  sides->addWidget(makeSide(before_, beforeTitle_, beforeCount_));
  sides->addWidget(makeSide(after_, afterTitle_, afterCount_));
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(0, 0, 0, 0);
  row->addWidget(sides);
  follow(before, after, true);
  follow(after, before, false);
}

QWidget* ChangeView::makeSide(Canvas* canvas, QLabel* title, QLabel* count) {
  auto* side = new QWidget;
  auto* column = new QVBoxLayout(side);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* line = new QWidget;
  line->setFixedHeight(32);
  auto* row = new QHBoxLayout(line);
  row->setContentsMargins(16, 0, 16, 0);
  title->setProperty("role", QStringLiteral("title"));
  count->setProperty("role", QStringLiteral("weak"));
  row->addWidget(title);
  row->addStretch(1);
  row->addWidget(count);
  column->addWidget(line);
  column->addWidget(canvas, 1);
  return side;
}

void ChangeView::setTitles(const QString& before, const QString& after) {
  beforeTitle_->setText(before);
  afterTitle_->setText(after);
}

void ChangeView::setChanges(NodeChanges changes) {
  changes_ = std::move(changes);
  backwards_.assign(changes_.after.size(), {});
  for (std::size_t node = 0; node < changes_.counterpart.size(); ++node)
    if (const int other = changes_.counterpart[node]; other >= 0)
      backwards_[static_cast<std::size_t>(other)].push_back(static_cast<int>(node));
  before_->setChanges(changes_.before);
  after_->setChanges(changes_.after);
  const QString same = tr("no change");
  beforeCount_->setText(changes_.removed + changes_.changed == 0
                            ? same
                            : tr("− %1 removed · ~ %2 changed").arg(changes_.removed).arg(changes_.changed));
  afterCount_->setText(changes_.added + changes_.changed == 0
                           ? same
                           : tr("+ %1 added · ~ %2 changed").arg(changes_.added).arg(changes_.changed));
}

std::vector<int> ChangeView::counterpartsOf(int node, bool forward) const {
  const auto position = static_cast<std::size_t>(node);
  if (!forward) return position < backwards_.size() ? backwards_[position] : std::vector<int>();
  if (position >= changes_.counterpart.size() || changes_.counterpart[position] < 0) return {};
  return {changes_.counterpart[position]};
}

void ChangeView::follow(Document* from, Document* to, bool forward) {
  connect(from->selection(), &Selection::changed, this, [this, from, to, forward] {
    if (isFollowing_ || !to->layout()) return;
    isFollowing_ = true;
    std::vector<Element> counterparts;
    for (const Element& element : from->selection()->elements()) {
      if (element.kind == Element::Kind::Value && !element.graph && to->index() &&
          to->index()->producer(element.value).node >= 0) {
        counterparts.push_back(element);
        continue;
      }
      for (const int node : from->nodesOf(element))
        for (const int other : counterpartsOf(node, forward)) counterparts.push_back(Element::node(other));
    }
    to->selection()->select(std::move(counterparts));
    isFollowing_ = false;
  });
  connect(from, &Document::layoutChanged, this, [this, from, to] { openAlike(*from, to); });
}

/// Groups that have the same path in both are open in both.
void ChangeView::openAlike(const Document& from, Document* to) {
  if (isFollowing_ || !to->hierarchy() || !to->layout()) return;
  isFollowing_ = true;
  std::unordered_set<std::string_view> paths;
  for (const Group& group : from.hierarchy()->groups) paths.insert(group.path);
  for (const Group& group : to->hierarchy()->groups)
    if (group.parent >= 0 && paths.contains(group.path)) to->setOpen(group.path, from.isOpen(group.path));
  isFollowing_ = false;
}

}  // namespace lapidary::ui
