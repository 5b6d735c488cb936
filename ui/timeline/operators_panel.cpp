#include "ui/timeline/operators_panel.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPainter>
#include <QStackedLayout>
#include <QStyledItemDelegate>
#include <QTabBar>
#include <QTableView>
#include <QVBoxLayout>
#include <set>

#include "ui/document/copy_action.h"
#include "ui/document/element_menu.h"
#include "ui/document/format.h"
#include "ui/document/run_hint.h"
#include "ui/document/tabular_text.h"

namespace lapidary::ui {

namespace {

/// The share as a bar with its number, and the kind's stripe in the first column.
class ShareDelegate : public TabularDelegate {
 public:
  ShareDelegate(Theme* theme, int shareColumn, QObject* parent)
      : TabularDelegate(parent), theme_(theme), shareColumn_(shareColumn) {}

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    if (index.column() == 0) {
      const auto kind = static_cast<OperatorKind>(index.data(OperatorsModel::KindRole).toInt());
      return paintStriped(painter, option, index, *theme_, theme_->kind(kind));
    }
    if (index.column() == shareColumn_) {
      if (option.state & QStyle::State_Selected) painter->fillRect(option.rect, theme_->colors().selection);
      painter->save();
      painter->setRenderHint(QPainter::Antialiasing);
      const double share = index.data(OperatorsModel::ShareRole).toDouble();
      const QRectF track(option.rect.left() + 8, option.rect.center().y() - 2,
                         std::max(20, option.rect.width() - 72), 6);
      painter->setPen(Qt::NoPen);
      painter->setBrush(theme_->heat(0.15 + 0.85 * std::min(1.0, share)));
      painter->drawRoundedRect(
          QRectF(track.topLeft(), QSizeF(std::max(2.0, track.width() * std::min(1.0, share)), 6)), 2, 2);
      painter->setPen(theme_->colors().text);
      draw_tabular(*painter, option.rect.adjusted(0, 0, -8, 0), index.data().toString());
      painter->restore();
      return;
    }
    TabularDelegate::paint(painter, option, index);
  }

 private:
  Theme* theme_;
  int shareColumn_;
};

/// Selects the rows (of the model behind the table's proxy) that meet the condition, and shows the first.
template <class Condition>
void selectWhere(QTableView& table, Condition meets) {
  const auto& proxy = *qobject_cast<QSortFilterProxyModel*>(table.model());
  QItemSelection rows;
  QModelIndex first;
  for (int row = 0; row < proxy.sourceModel()->rowCount(); ++row) {
    if (!meets(row)) continue;
    const QModelIndex index = proxy.mapFromSource(proxy.sourceModel()->index(row, 0));
    if (!index.isValid()) continue;  // filtered out
    rows.select(index, index);
    if (!first.isValid()) first = index;
  }
  table.selectionModel()->select(rows, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
  if (first.isValid()) table.scrollTo(first);
}

}  // namespace

OperatorsPanel::OperatorsPanel(Theme* theme, QWidget* parent)
    : QWidget(parent),
      theme_(theme),
      operators_(new OperatorsModel(this)),
      types_(new OperatorTypesModel(this)),
      operatorsProxy_(new QSortFilterProxyModel(this)),
      typesProxy_(new QSortFilterProxyModel(this)),
      operatorsTable_(makeTable(operators_, operatorsProxy_, OperatorsModel::Share)),
      typesTable_(makeTable(types_, typesProxy_, OperatorTypesModel::Share)),
      filter_(new QLineEdit),
      empty_(new RunHint(tr("Run the model to see where its time goes · Ctrl+R"))),
      content_(new QWidget) {
  auto* page = new QVBoxLayout(this);
  page->setContentsMargins(0, 0, 0, 0);
  empty_->standInFor(content_);
  page->addWidget(empty_);
  page->addWidget(content_);
  auto* column = new QVBoxLayout(content_);
  column->setContentsMargins(0, 4, 0, 0);
  column->setSpacing(4);
  auto* tools = new QHBoxLayout;
  tools->setContentsMargins(8, 0, 16, 0);
  auto* views = new QTabBar;
  views->setExpanding(false);
  views->addTab(tr("Each"));
  views->addTab(tr("By type"));
  filter_->setPlaceholderText(tr("Filter"));
  filter_->setAccessibleName(tr("Filter of the operators"));
  filter_->setClearButtonEnabled(true);
  filter_->setFixedWidth(240);
  tools->addWidget(views);
  tools->addStretch(1);
  tools->addWidget(filter_);
  column->addLayout(tools);
  auto* stack = new QWidget;
  tables_ = new QStackedLayout(stack);
  tables_->addWidget(operatorsTable_);
  tables_->addWidget(typesTable_);
  column->addWidget(stack, 1);
  connect(views, &QTabBar::currentChanged, tables_, &QStackedLayout::setCurrentIndex);
  for (QSortFilterProxyModel* proxy : {operatorsProxy_, typesProxy_})
    connect(filter_, &QLineEdit::textChanged, proxy,
            [proxy](const QString& typed) { proxy->setFilterFixedString(typed); });
  connect(operatorsTable_->selectionModel(), &QItemSelectionModel::selectionChanged, this,
          &OperatorsPanel::selectRows);
  connect(typesTable_->selectionModel(), &QItemSelectionModel::selectionChanged, this,
          &OperatorsPanel::selectTypes);
  refresh();
}

QTableView* OperatorsPanel::makeTable(QAbstractItemModel* source, QSortFilterProxyModel* proxy,
                                      int shareColumn) {
  proxy->setSourceModel(source);
  proxy->setSortRole(OperatorsModel::SortRole);
  proxy->setFilterKeyColumn(-1);
  proxy->setFilterCaseSensitivity(Qt::CaseInsensitive);
  auto* table = new QTableView;
  table->setModel(proxy);
  table->setItemDelegate(new ShareDelegate(theme_, shareColumn, table));
  table->setSortingEnabled(true);
  table->sortByColumn(2, Qt::DescendingOrder);
  table->setSelectionBehavior(QAbstractItemView::SelectRows);
  table->setShowGrid(false);
  table->setWordWrap(false);
  table->verticalHeader()->hide();
  table->verticalHeader()->setDefaultSectionSize(24);
  table->horizontalHeader()->setHighlightSections(false);
  table->horizontalHeader()->setStretchLastSection(true);
  table->setColumnWidth(0, shareColumn == OperatorsModel::Share ? 300 : 200);
  table->setColumnWidth(shareColumn, 180);
  table->setAccessibleName(tr("Operators"));
  add_copy_action(table, tr("Copy table as TSV"), [this] { copyTable(); });
  table->setContextMenuPolicy(Qt::CustomContextMenu);
  connect(table, &QTableView::customContextMenuRequested, this,
          [this, table](const QPoint& place) { showMenu(table, place); });
  table->installEventFilter(this);
  return table;
}

void OperatorsPanel::setDocument(Document* document) {
  if (document_)
    disconnect(document_, nullptr, this, nullptr), disconnect(document_->selection(), nullptr, this, nullptr);
  document_ = document;
  empty_->setDocument(document);
  if (document) {
    connect(document, &Document::runChanged, this, &OperatorsPanel::refresh);
    connect(document, &Document::stateChanged, this, &OperatorsPanel::refresh);
    connect(document->selection(), &Selection::changed, this, &OperatorsPanel::followSelection);
  }
  refresh();
}

void OperatorsPanel::refresh() {
  const auto result = document_ ? document_->result() : nullptr;
  const ModelPointer model = document_ ? document_->model() : nullptr;
  following_ = true;
  operators_->setResult(result, model);
  types_->setResult(result, model);
  following_ = false;
  followSelection();
}

void OperatorsPanel::followSelection() {
  if (following_ || !document_ || !document_->result()) return;
  following_ = true;
  const std::set<const OperatorTime*> selected = selectedTimes();
  std::set<std::string> selectedTypes;
  for (const OperatorTime* time : selected) selectedTypes.insert(time->op);
  selectWhere(*operatorsTable_, [&](int row) { return selected.count(&operators_->timeAt(row)) != 0; });
  selectWhere(*typesTable_, [&](int row) { return selectedTypes.count(types_->timeAt(row).op) != 0; });
  following_ = false;
}

/// The operators that any selected element was part of; of what stands inside a node and has none, the
/// node's.
std::set<const OperatorTime*> OperatorsPanel::selectedTimes() const {
  std::set<const OperatorTime*> times;
  std::set<int> nodes;
  for (const Element& element : document_->selection()->elements()) {
    const OperatorTime* nested = element.graph ? document_->timeOf(element) : nullptr;
    if (nested)
      times.insert(nested);
    else
      for (const int node : document_->nodesOf(element)) nodes.insert(node);
  }
  for (const OperatorTime& time : document_->result()->summary.operators)
    if (std::any_of(time.nodes.begin(), time.nodes.end(), [&](int node) { return nodes.count(node) != 0; }))
      times.insert(&time);
  return times;
}

void OperatorsPanel::selectRows() {
  if (following_ || !document_) return;
  std::vector<Element> elements;
  for (const QModelIndex& index : operatorsTable_->selectionModel()->selectedRows())
    for (Element& element :
         document_->elementsOf(operators_->timeAt(operatorsProxy_->mapToSource(index).row())))
      elements.push_back(std::move(element));
  following_ = true;
  document_->selection()->select(std::move(elements));
  following_ = false;
}

void OperatorsPanel::selectTypes() {
  if (following_ || !document_ || !document_->result()) return;
  std::set<std::string> names;
  for (const QModelIndex& index : typesTable_->selectionModel()->selectedRows())
    names.insert(types_->timeAt(typesProxy_->mapToSource(index).row()).op);
  std::vector<Element> elements;
  for (const OperatorTime& time : document_->result()->summary.operators)
    if (names.count(time.op) != 0)
      for (Element& element : document_->elementsOf(time)) elements.push_back(std::move(element));
  document_->selection()->select(std::move(elements));
}

QTableView* OperatorsPanel::table() const {
  return tables_->currentWidget() == operatorsTable_ ? operatorsTable_ : typesTable_;
}

void OperatorsPanel::copyTable() { QGuiApplication::clipboard()->setText(tabbed_text(*table()->model())); }

/// What the row's first node can do, and what the table can.
void OperatorsPanel::showMenu(QTableView* table, const QPoint& place) {
  QMenu menu(this);
  const Element* current = document_ ? document_->selection()->current() : nullptr;
  if (current && table->indexAt(place).isValid()) {
    add_element_entries(menu, *document_, *current);
    menu.addSeparator();
  }
  menu.addActions(table->actions());
  menu.exec(table->viewport()->mapToGlobal(place));
}

// --- keys ---

std::span<const OperatorsPanel::Key> OperatorsPanel::keys() {
  static const char* const column = QT_TRANSLATE_NOOP("Keys", "Sort by the column to the left, to the right");
  static const char* const order = QT_TRANSLATE_NOOP("Keys", "Sort upwards, downwards");
  static const Key table[] = {
      {Qt::CTRL | Qt::Key_Left, column, [](OperatorsPanel& panel) { panel.sortBeside(-1); }},
      {Qt::CTRL | Qt::Key_Right, column, [](OperatorsPanel& panel) { panel.sortBeside(1); }},
      {Qt::CTRL | Qt::Key_Up, order, [](OperatorsPanel& panel) { panel.sort(Qt::AscendingOrder); }},
      {Qt::CTRL | Qt::Key_Down, order, [](OperatorsPanel& panel) { panel.sort(Qt::DescendingOrder); }},
  };
  return table;
}

QList<KeyHelp> OperatorsPanel::keyHelp() {
  return key_help(keys()) +
         QList<KeyHelp>{
             {QKeySequence(QKeySequence::Copy).toString(QKeySequence::NativeText), tr("Copy the table")}};
}

bool OperatorsPanel::eventFilter(QObject* watched, QEvent* event) {
  const bool isKey = event->type() == QEvent::KeyPress;
  return (isKey && run_key(keys(), *this, *static_cast<QKeyEvent*>(event))) ||
         QWidget::eventFilter(watched, event);
}

void OperatorsPanel::sortBeside(int step) {
  const QHeaderView* header = table()->horizontalHeader();
  const int column = std::clamp(header->sortIndicatorSection() + step, 0, header->count() - 1);
  table()->sortByColumn(column, header->sortIndicatorOrder());
  table()->scrollTo(table()->model()->index(std::max(0, table()->currentIndex().row()), column));
}

void OperatorsPanel::sort(Qt::SortOrder order) {
  table()->sortByColumn(table()->horizontalHeader()->sortIndicatorSection(), order);
}

}  // namespace lapidary::ui
