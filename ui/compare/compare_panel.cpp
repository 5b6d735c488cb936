#include "ui/compare/compare_panel.h"

#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QFileDialog>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>

#include "ui/document/copy_action.h"
#include "ui/document/format.h"
#include "ui/document/tabular_text.h"

namespace lapidary::ui {

namespace {

/// Rows that are off carry a mark at the left, whatever their text says.
class VerdictDelegate : public TabularDelegate {
 public:
  VerdictDelegate(Theme* theme, QObject* parent) : TabularDelegate(parent), theme_(theme) {}

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    if (index.column() != 0) return TabularDelegate::paint(painter, option, index);
    const bool isOff = index.data(TensorsModel::OffRole).toBool();
    paintStriped(painter, option, index, *theme_, isOff ? theme_->heat(1) : QColor());
  }

 private:
  Theme* theme_;
};

/// Shows only what is off, where that is wanted.
class OffFilter : public QSortFilterProxyModel {
 public:
  using QSortFilterProxyModel::QSortFilterProxyModel;
  void setOnlyOff(bool only) {
    onlyOff_ = only;
    invalidateFilter();
  }

 protected:
  bool filterAcceptsRow(int row, const QModelIndex& parent) const override {
    return (!onlyOff_ || sourceModel()->index(row, 0, parent).data(TensorsModel::OffRole).toBool()) &&
           QSortFilterProxyModel::filterAcceptsRow(row, parent);
  }

 private:
  bool onlyOff_ = false;
};

}  // namespace

ComparePanel::ComparePanel(Theme* theme, QWidget* parent)
    : QWidget(parent),
      theme_(theme),
      choices_(comparable_backends()),
      tensors_(new TensorsModel(this)),
      proxy_(new OffFilter(this)),
      against_(new QComboBox),
      run_(new QPushButton(tr("Compare"))),
      progress_(new QProgressBar),
      line_(new QLabel),
      first_(new QPushButton(tr("Show first"))),
      next_(new QPushButton(tr("Next off"))),
      onlyOff_(new QCheckBox(tr("Only what is off"))),
      table_(new QTableView),
      plot_(new DepthPlot(theme)),
      detail_(new QLabel),
      empty_(new QLabel(
          tr("Hold the model's run against another backend, another precision, another model or recorded "
             "tensors, and see the first operator where they part."))),
      content_(new QWidget) {
  empty_->setAlignment(Qt::AlignCenter);
  empty_->setWordWrap(true);
  empty_->setMargin(24);
  auto* page = new QVBoxLayout(this);
  page->setContentsMargins(0, 4, 0, 0);
  page->setSpacing(4);
  page->addWidget(makeTools());
  page->addWidget(empty_, 1);
  page->addWidget(content_, 1);
  auto* row = new QHBoxLayout(content_);
  row->setContentsMargins(0, 0, 0, 0);
  auto* split = new QSplitter;
  split->setChildrenCollapsible(false);
  split->addWidget(makeTable());
  split->addWidget(makeDetail());
  split->setStretchFactor(0, 3);
  split->setStretchFactor(1, 2);
  row->addWidget(split);
  fillChoices();
  refresh();
}

QWidget* ComparePanel::makeTools() {
  auto* tools = new QWidget;
  auto* row = new QHBoxLayout(tools);
  row->setContentsMargins(16, 0, 16, 0);
  row->setSpacing(8);
  auto* caption = new QLabel(tr("Against"));
  caption->setBuddy(against_);
  against_->setAccessibleName(tr("What to compare with"));
  against_->setMinimumWidth(200);
  progress_->setTextVisible(false);
  progress_->setFixedWidth(120);
  line_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  line_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  for (QWidget* widget : std::initializer_list<QWidget*>{caption, against_, run_, progress_})
    row->addWidget(widget);
  row->addWidget(line_, 1);
  for (QWidget* widget : std::initializer_list<QWidget*>{first_, next_, onlyOff_}) row->addWidget(widget);
  first_->setToolTip(tr("Selects the operator at which both part first"));
  next_->setToolTip(tr("Selects the next tensor that is off"));
  connect(against_, &QComboBox::activated, this, &ComparePanel::choose);
  connect(run_, &QPushButton::clicked, this, [this] {
    if (comparison_ && comparison_->job())
      comparison_->cancel();
    else
      start();
  });
  connect(first_, &QPushButton::clicked, this, &ComparePanel::showFirst);
  connect(next_, &QPushButton::clicked, this, &ComparePanel::showNextOff);
  connect(onlyOff_, &QCheckBox::toggled, static_cast<OffFilter*>(proxy_), &OffFilter::setOnlyOff);
  return tools;
}

QWidget* ComparePanel::makeTable() {
  proxy_->setSourceModel(tensors_);
  proxy_->setSortRole(TensorsModel::SortRole);
  table_->setModel(proxy_);
  table_->setItemDelegate(new VerdictDelegate(theme_, table_));
  table_->setSortingEnabled(true);
  table_->sortByColumn(TensorsModel::Tensor, Qt::AscendingOrder);
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setShowGrid(false);
  table_->setWordWrap(false);
  table_->setTextElideMode(Qt::ElideMiddle);  // names differ at their ends
  table_->setAccessibleName(tr("Compared tensors"));
  table_->verticalHeader()->hide();
  table_->verticalHeader()->setDefaultSectionSize(24);
  table_->horizontalHeader()->setHighlightSections(false);
  table_->horizontalHeader()->setDefaultSectionSize(96);
  for (const auto& [column, width] :
       {std::pair{TensorsModel::Tensor, 220}, {TensorsModel::Node, 160}, {TensorsModel::Verdict, 140}})
    table_->setColumnWidth(column, width);
  add_copy_action(table_, tr("Copy table as TSV"),
                  [this] { QGuiApplication::clipboard()->setText(tabbed_text(*proxy_)); });
  table_->setContextMenuPolicy(Qt::ActionsContextMenu);
  connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
          [this](const QModelIndex& now) {
            if (!following_ && now.isValid()) selectRow(proxy_->mapToSource(now).row());
          });
  return table_;
}

QWidget* ComparePanel::makeDetail() {
  auto* side = new QWidget;
  auto* column = new QVBoxLayout(side);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(4);
  detail_->setWordWrap(true);
  detail_->setTextFormat(Qt::PlainText);
  detail_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  detail_->setContentsMargins(16, 0, 16, 8);
  detail_->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  column->addWidget(plot_, 1);
  column->addWidget(detail_);
  connect(plot_, &DepthPlot::clicked, this, &ComparePanel::selectRow);
  return side;
}

void ComparePanel::fillChoices() {
  against_->clear();
  for (const Against& choice : choices_) against_->addItem(choice.title());
  against_->insertSeparator(against_->count());
  against_->addItem(tr("Another model…"));
  against_->addItem(tr("Recorded tensors…"));
  against_->setCurrentIndex(chosen_);
}

/// A choice of the list, or one that a file is chosen for.
void ComparePanel::choose(int index) {
  const int files = static_cast<int>(choices_.size()) + 1;  // behind the separator
  if (index >= files) {
    const bool isModel = index == files;
    const QString path =
        isModel ? QFileDialog::getOpenFileName(this, tr("Model to compare with"), {},
                                               tr("Models (*.onnx *.onnxtxt *.textproto *.json *.gz *.zip)"))
                : QFileDialog::getOpenFileName(this, tr("Tensors to compare with"), {},
                                               tr("Tensors (*.npz *.npy *.safetensors *.pb *.json)"));
    if (!path.isEmpty()) {
      choices_.push_back({.kind = isModel ? Against::Kind::Model : Against::Kind::Recording, .path = path});
      index = static_cast<int>(choices_.size()) - 1;
    } else {
      index = chosen_;
    }
  }
  chosen_ = index;
  fillChoices();
}

void ComparePanel::setDocument(Document* document) {
  if (comparison_) disconnect(comparison_, nullptr, this, nullptr);
  if (document_)
    disconnect(document_, nullptr, this, nullptr), disconnect(document_->selection(), nullptr, this, nullptr),
        disconnect(document_->jobs(), nullptr, this, nullptr);
  document_ = document;
  comparison_ = document ? ComparingRuns::of(document) : nullptr;
  if (document) {
    connect(comparison_, &ComparingRuns::changed, this, &ComparePanel::refresh);
    connect(document, &Document::stateChanged, this, &ComparePanel::showState);
    connect(document->selection(), &Selection::changed, this, &ComparePanel::followSelection);
    connect(document->jobs(), &JobList::activityChanged, this, &ComparePanel::showState);
  }
  refresh();
}

void ComparePanel::start() {
  if (comparison_) comparison_->start(choices_[static_cast<std::size_t>(chosen_)]);
}

void ComparePanel::refresh() {
  const auto result = comparison_ ? comparison_->result() : nullptr;
  following_ = true;
  tensors_->setResult(result);
  plot_->setResult(result);
  following_ = false;
  describe(-1);
  showState();
  followSelection();
}

void ComparePanel::showState() {
  const auto result = comparison_ ? comparison_->result() : nullptr;
  const Job* job = comparison_ ? comparison_->job() : nullptr;
  const bool isRunning = job != nullptr;
  run_->setText(isRunning ? tr("Stop") : tr("Compare"));
  run_->setEnabled(document_ && document_->model());
  against_->setEnabled(!isRunning);
  progress_->setVisible(isRunning);
  if (isRunning) {
    progress_->setRange(0, job->progress() >= 0 ? 100 : 0);
    progress_->setValue(qRound(job->progress() * 100));
  }
  content_->setVisible(result != nullptr);
  empty_->setVisible(!result);
  for (QWidget* widget : std::initializer_list<QWidget*>{first_, next_, onlyOff_})
    widget->setVisible(result != nullptr);
  QString said;
  if (comparison_ && comparison_->error()) {
    said = text(comparison_->error()->what());
  } else if (result) {
    const auto off = std::count_if(result->tensors.begin(), result->tensors.end(), isOff);
    first_->setEnabled(result->first_divergence.has_value());
    next_->setEnabled(off > 0);
    said = result->first_divergence ? tr("First part at %1 · %2 of %3 tensors off")
                                          .arg(text(result->first_divergence->node))
                                          .arg(off)
                                          .arg(result->tensors.size())
                                    : tr("All %1 tensors agree").arg(result->tensors.size());
    for (const std::string& problem : result->problems) said += QStringLiteral(" · ") + text(problem);
  }
  line_->setText(said);
  line_->setToolTip(said);
}

int ComparePanel::selectedRow() const {
  const QModelIndex current = table_->currentIndex();
  return current.isValid() ? proxy_->mapToSource(current).row() : -1;
}

void ComparePanel::showFirst() {
  if (!comparison_ || !comparison_->result() || !comparison_->result()->first_divergence) return;
  const std::string& wanted = comparison_->result()->first_divergence->tensor;
  for (int row = 0; row < tensors_->rowCount(); ++row)
    if (tensors_->tensorAt(row).pair.a == wanted) return selectRow(row);
}

void ComparePanel::showNextOff() {
  const int count = tensors_->rowCount(), from = selectedRow();
  for (int step = 1; step <= count; ++step) {
    const int row = (std::max(from, -1) + step) % count;
    if (isOff(tensors_->tensorAt(row))) return selectRow(row);
  }
}

/// The tensor, its node in the window, and its mark in the plot.
void ComparePanel::selectRow(int row) {
  following_ = true;
  const QModelIndex index = proxy_->mapFromSource(tensors_->index(row, 0));
  if (index.isValid()) {
    table_->setCurrentIndex(index);
    table_->scrollTo(index);
  }
  plot_->setMarked({row});
  describe(row);
  if (const auto node = comparison_ ? comparison_->nodeOf(static_cast<std::size_t>(row)) : std::nullopt) {
    document_->reveal(*node);
    document_->selection()->select(*node);
  }
  following_ = false;
}

void ComparePanel::followSelection() {
  if (following_ || !document_ || !comparison_ || !comparison_->result()) return;
  std::vector<int> nodes;
  for (const Element& element : document_->selection()->elements())
    for (const int node : document_->nodesOf(element)) nodes.push_back(node);
  std::sort(nodes.begin(), nodes.end());
  std::vector<int> rows;
  for (int row = 0; row < tensors_->rowCount(); ++row)
    if (const auto node = comparison_->nodeOf(static_cast<std::size_t>(row));
        node && std::binary_search(nodes.begin(), nodes.end(), node->index))
      rows.push_back(row);
  following_ = true;
  plot_->setMarked(rows);
  const QModelIndex first =
      rows.empty() ? QModelIndex() : proxy_->mapFromSource(tensors_->index(rows.front(), 0));
  table_->setCurrentIndex(first);
  if (first.isValid()) table_->scrollTo(first);
  describe(rows.empty() ? -1 : rows.front());
  following_ = false;
}

/// The tensor in words: what differs most, what of it is the operator's own, and why.
void ComparePanel::describe(int row) {
  detail_->setVisible(row >= 0);
  if (row < 0) return;
  const ComparedTensor& tensor = tensors_->tensorAt(row);
  const auto& first = comparison_->result()->first_divergence;
  const bool isFirst = first && first->tensor == tensor.pair.a;
  QStringList lines{tr("%1 · %2").arg(text(tensor.pair.a), verdict(tensor))};
  if (tensor.metrics && !tensor.metrics->worst.empty()) {
    const ElementPair& worst = tensor.metrics->worst.front();
    const Type* type = document_->types() ? &document_->types()->type_of(tensor.pair.a) : nullptr;
    const Dims dims = isFirst               ? first->dims
                      : type && type->shape ? constant_dims(*type->shape).value_or(Dims{})
                                            : Dims{};
    lines += tr("Worst element %1: %2 here, %3 there")
                 .arg(dims.empty() ? QString::number(worst.index) : elementIndex(dims, worst.index),
                      QString::number(worst.got, 'g', 7), QString::number(worst.want, 'g', 7));
  }
  if (tensor.tolerance > 0)
    lines += tr("Relative error %1; up to %2 is let pass")
                 .arg(number(ComparingRuns::errorOf(tensor)), number(tensor.tolerance));
  if (isFirst) {
    for (const std::string& reason : first->reasons) lines += tr("Likely because %1").arg(text(reason));
    if (first->nearer) lines += tr("Nearer to float64: %1").arg(text(*first->nearer));
  }
  detail_->setText(lines.join(QLatin1Char('\n')));
}

}  // namespace lapidary::ui
