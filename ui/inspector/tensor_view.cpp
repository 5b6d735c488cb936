#include "ui/inspector/tensor_view.h"

#include <QClipboard>
#include <QComboBox>
#include <QFileDialog>
#include <QGridLayout>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QSpinBox>
#include <QStackedWidget>
#include <QTabBar>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include "engine/io/map_arrays.h"
#include "ui/document/copy_action.h"
#include "ui/document/format.h"
#include "ui/document/tabular_text.h"
#include "ui/inspector/tensor_charts.h"
#include "ui/inspector/tensor_csv.h"
#include "ui/inspector/tensor_picture.h"

namespace lapidary::ui {

namespace {

constexpr int pictureSide = 512;

/// A clipboard takes no more cells than this at once; a file takes all.
constexpr std::int64_t mostCopied = 1'000'000;

/// "12,345,678", so that large counts can be compared.
QString wholeNumber(std::int64_t value) { return QLocale(QLocale::English).toString(value); }

}  // namespace

TensorView::TensorView(Theme* theme, JobList* jobs, QWidget* parent)
    : QWidget(parent),
      theme_(theme),
      jobs_(jobs),
      model_(new TensorTableModel(this)),
      names_(new QComboBox),
      type_(new QLabel),
      sliceBar_(new QWidget),
      tabs_(new QTabBar),
      pages_(new QStackedWidget),
      table_(new QTableView),
      histogram_(new HistogramView(theme)),
      picture_(new PictureView(theme)),
      waitingText_(new QLabel),
      readAgain_(new QPushButton(tr("Read the numbers"))),
      limits_(new QLabel),
      exportError_(new QLabel) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(4);
  names_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  names_->setMinimumContentsLength(12);
  names_->setAccessibleName(tr("Tensor"));
  type_->setProperty("role", QStringLiteral("weak"));
  // A long type is cut rather than making the panel wider; its tip has all of it.
  type_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
  sliceGrid_ = new QGridLayout(sliceBar_);
  sliceGrid_->setContentsMargins(16, 0, 16, 0);
  sliceGrid_->setSpacing(4);
  exportError_->setProperty("role", QStringLiteral("problem"));
  limits_->setProperty("role", QStringLiteral("weak"));
  for (QLabel* line : {exportError_, limits_}) {
    line->setWordWrap(true);
    line->setContentsMargins(16, 0, 16, 0);
    line->hide();
  }
  column->addWidget(makeTools());
  column->addWidget(sliceBar_);
  column->addWidget(exportError_);
  column->addWidget(limits_);
  column->addWidget(pages_, 1);
  table_->setModel(model_);
  table_->setItemDelegate(new TabularDelegate(table_));
  table_->setAlternatingRowColors(true);
  table_->setShowGrid(false);
  table_->setAccessibleName(tr("Numbers"));
  table_->horizontalHeader()->setDefaultSectionSize(84);
  table_->verticalHeader()->setDefaultSectionSize(22);
  table_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  table_->horizontalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  for (QWidget* page : {static_cast<QWidget*>(histogram_), static_cast<QWidget*>(table_),
                        static_cast<QWidget*>(picture_), makeWaiting()})
    pages_->addWidget(page);
  add_copy_action(table_, tr("Copy as TSV"), [this] { copyCells(); });
  connect(model_, &TensorTableModel::numberTyped, this, [this](qint64 position, const QString& typed) {
    Q_EMIT numberTyped(currentName(), position, typed);
  });
  connect(names_, &QComboBox::currentIndexChanged, this, &TensorView::choose);
  connect(theme, &Theme::changed, this, &TensorView::updatePicture);
}

QWidget* TensorView::makeTools() {
  auto* tools = new QWidget;
  auto* column = new QVBoxLayout(tools);
  column->setContentsMargins(16, 4, 16, 0);
  column->setSpacing(2);
  auto* second = new QHBoxLayout;
  second->setSpacing(4);
  tabs_->setExpanding(false);
  tabs_->setAccessibleName(tr("How the numbers are shown"));
  for (const QString& name : {tr("Histogram"), tr("Table"), tr("Picture")}) tabs_->addTab(name);
  connect(tabs_, &QTabBar::currentChanged, this, [this] {
    showPage();
    updatePicture();
  });
  second->addWidget(tabs_);
  second->addStretch(1);
  auto* first = new QHBoxLayout;
  first->setSpacing(4);
  first->addWidget(type_);
  const auto button = [&](QHBoxLayout* row, const QString& icon, const QString& what,
                          void (TensorView::*run)()) {
    auto* made = new QToolButton;
    made->setIcon(theme_->icon(icon, theme_->colors().weakText));
    connect(theme_, &Theme::changed, made,
            [this, made, icon] { made->setIcon(theme_->icon(icon, theme_->colors().weakText)); });
    made->setToolTip(what);
    made->setAccessibleName(what);
    made->setFocusPolicy(Qt::TabFocus);
    connect(made, &QToolButton::clicked, this, run);
    row->addWidget(made);
    return made;
  };
  replace_ = button(first, QStringLiteral("open"), tr("Replace by a file's numbers…"),
                    &TensorView::askForReplacement);
  replace_->hide();
  button(second, QStringLiteral("copy"), tr("Copy what is shown"), &TensorView::copy);
  button(second, QStringLiteral("save"), tr("Export as npy, npz or CSV"), &TensorView::exportData);
  column->addWidget(names_);
  column->addLayout(first);
  column->addLayout(second);
  return tools;
}

/// What stands in place of histogram and picture until the tensor was read.
QWidget* TensorView::makeWaiting() {
  auto* page = new QWidget;
  auto* column = new QVBoxLayout(page);
  waitingText_->setProperty("role", QStringLiteral("weak"));
  waitingText_->setAlignment(Qt::AlignCenter);
  waitingText_->setWordWrap(true);
  connect(readAgain_, &QPushButton::clicked, this, &TensorView::startStatistics);
  column->addStretch(1);
  column->addWidget(waitingText_);
  column->addWidget(readAgain_, 0, Qt::AlignHCenter);
  column->addStretch(1);
  return page;
}

namespace {

/// A tensor itself; of maps their keys and a table of their values; nothing for other data.
NamedData shownAsTensors(const NamedData::value_type& entry) {
  try {
    return maps_as_tensors({entry});
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

void TensorView::setData(const NamedData& offered) {
  const std::string before = currentName().toStdString();
  data_.clear();
  for (const auto& entry : offered) {
    const NamedData shown = shownAsTensors(entry);
    data_.insert(data_.end(), shown.begin(), shown.end());
  }
  {
    const QSignalBlocker quiet(names_);
    names_->clear();
    for (const auto& [name, datum] : data_) names_->addItem(text(name));
  }
  names_->setVisible(data_.size() > 1);
  // After an edit the same tensor stays in view.
  const auto same =
      std::find_if(data_.begin(), data_.end(), [&](const auto& entry) { return entry.first == before; });
  const int index = data_.empty() ? -1 : same == data_.end() ? 0 : static_cast<int>(same - data_.begin());
  if (index > 0) {
    const QSignalBlocker quiet(names_);
    names_->setCurrentIndex(index);
  }
  choose(index);
}

QString TensorView::currentName() const {
  return current_ < 0 ? QString() : text(data_[static_cast<std::size_t>(current_)].first);
}

void TensorView::askForReplacement() { Q_EMIT replacementWanted(currentName()); }

void TensorView::setEditable(std::set<std::string> names) {
  editable_ = std::move(names);
  showEditable();
}

void TensorView::showEditable() {
  const bool isEditable =
      current_ >= 0 && editable_.contains(data_[static_cast<std::size_t>(current_)].first);
  model_->setEditable(isEditable);
  replace_->setVisible(isEditable);
}

void TensorView::choose(int index) {
  current_ = index;
  statistics_.reset();
  picture_->clear();
  exportError_->hide();
  const Tensor tensor = index < 0 ? Tensor() : data_[static_cast<std::size_t>(index)].second.tensor();
  model_->setTensor(tensor);
  const QString type = index < 0 ? QString() : text(to_string(tensor.full_type()));
  type_->setText(data_.size() == 1 ? tr("%1 · %2").arg(text(data_.front().first), type) : type);
  type_->setToolTip(type_->text());
  showEditable();
  makeSliceBoxes();
  showPage();
  showLimits();
  if (index >= 0) startStatistics();
}

void TensorView::makeSliceBoxes() {
  for (QSpinBox* box : sliceBoxes_) delete box;
  sliceBoxes_.clear();
  const Dims& dims = model_->tensor().dims();
  for (std::size_t axis = 0; axis + 2 < dims.size(); ++axis) {
    auto* box = new QSpinBox;
    box->setRange(0, static_cast<int>(std::max<std::int64_t>(0, dims[axis] - 1)));
    box->setPrefix(tr("[%1] ").arg(axis));
    box->setAccessibleName(tr("Index of dimension %1").arg(axis));
    connect(box, &QSpinBox::valueChanged, this, [this] {
      model_->setSlice(slice());
      updatePicture();
    });
    box->setMinimumWidth(64);
    sliceGrid_->addWidget(box, static_cast<int>(axis) / 2, static_cast<int>(axis) % 2);
    sliceBoxes_.push_back(box);
  }
  sliceBar_->setVisible(!sliceBoxes_.empty());
}

Slice TensorView::slice() const {
  Slice chosen;
  for (const QSpinBox* box : sliceBoxes_) chosen.push_back(box->value());
  return chosen;
}

void TensorView::startStatistics() {
  say(tr("Reading the numbers…"), false);
  const Job* job = jobs_->start(
      this, QStringLiteral("statistics"),
      tr("Numbers of %1").arg(text(data_[static_cast<std::size_t>(current_)].first)),
      [tensor = model_->tensor()](const JobControl& control) { return statistics_of(tensor, control); },
      [this](const TensorStatistics& statistics) {
        statistics_ = statistics;
        histogram_->setStatistics(statistics);
        showPage();
        updatePicture();
      },
      [this](const Error& error) { say(text(error.what()), true); });
  connect(job, &Job::finished, this, [this, job] {
    const bool replaced = jobs_->running(this, QStringLiteral("statistics")) != nullptr;
    if (job->state() == Job::State::Cancelled && !replaced) say(tr("Reading the numbers was stopped."), true);
  });
}

void TensorView::say(const QString& waitingText, bool canReadAgain) {
  waitingText_->setText(waitingText);
  readAgain_->setVisible(canReadAgain);
}

void TensorView::showPage() {
  const int page = tabs_->currentIndex();
  pages_->setCurrentIndex(page == TablePage || statistics_ ? page : int(WaitingPage));
  updateSliceBoxes();
}

void TensorView::updatePicture() {
  if (tabs_->currentIndex() != PicturePage || !statistics_ || current_ < 0 || model_->tensor().size() == 0)
    return;
  const auto picture = std::make_shared<const TensorPicture>(model_->tensor(), slice(), *statistics_);
  jobs_->start(
      this, QStringLiteral("picture"),
      tr("Picture of %1").arg(text(data_[static_cast<std::size_t>(current_)].first)),
      [picture, dark = theme_->isDark()](const JobControl& control) {
        return picture->draw(pictureSide, dark, control);
      },
      [this, picture](const QImage& drawn) {
        picture_->setPicture(drawn,
                             [picture, size = drawn.size()](QPoint at) { return picture->textAt(at, size); });
      });
}

/// A picture of channels shows one more dimension at once than a table: its box has nothing to choose then.
void TensorView::updateSliceBoxes() {
  if (sliceBoxes_.empty()) return;
  const bool isImage = tabs_->currentIndex() == PicturePage && statistics_ &&
                       TensorPicture(model_->tensor(), slice(), *statistics_).shownDimensions() == 3;
  sliceBoxes_.back()->setEnabled(!isImage);
  sliceBoxes_.back()->setToolTip(isImage ? tr("The picture shows all of this dimension at once") : QString());
}

void TensorView::copy() {
  if (pages_->currentIndex() == PicturePage)
    picture_->copy();
  else if (pages_->currentIndex() == HistogramPage)
    histogram_->copy();
  else
    copyCells();
}

void TensorView::copyCells() {
  if (current_ < 0 || model_->rowCount() == 0) return;
  QRect cells(0, 0, model_->columnCount(), model_->rowCount());
  const QItemSelection selected = table_->selectionModel()->selection();
  if (!selected.isEmpty()) {
    cells = {};
    for (const QItemSelectionRange& range : selected)
      cells |= QRect(range.left(), range.top(), range.width(), range.height());
  }
  const auto columns = static_cast<int>(std::min<std::int64_t>(cells.width(), mostCopied));
  const auto rows = static_cast<int>(std::min<std::int64_t>(cells.height(), mostCopied / columns));
  QString lines;
  for (int row = cells.top(); row < cells.top() + rows; ++row)
    for (int column = cells.left(); column < cells.left() + columns; ++column)
      lines += model_->index(row, column).data().toString() +
               QLatin1Char(column + 1 == cells.left() + columns ? '\n' : '\t');
  QGuiApplication::clipboard()->setText(lines);
  if (rows < cells.height() || columns < cells.width())
    showLimits(tr("Only the first %1 of %2 rows and %3 of %4 columns were copied. An export has all of them.")
                   .arg(wholeNumber(rows), wholeNumber(cells.height()), wholeNumber(columns),
                        wholeNumber(cells.width())));
}

/// Says what the last copy left out, else what the table does.
void TensorView::showLimits(const QString& copied) {
  QString line = copied;
  if (line.isEmpty() && model_->isCut())
    line = tr("The table shows the first %1 rows and %2 columns. An export has all of them.")
               .arg(wholeNumber(model_->rowCount()), wholeNumber(model_->columnCount()));
  limits_->setText(line);
  limits_->setVisible(!line.isEmpty());
}

void TensorView::exportData() {
  if (current_ < 0) return;
  const QString path = QFileDialog::getSaveFileName(this, tr("Export tensor"), tr("tensor.npy"),
                                                    tr("Tensors (*.npy *.npz *.csv *.pb *.json)"));
  if (!path.isEmpty()) exportTo(path);
}

void TensorView::exportTo(const QString& path) {
  if (current_ < 0) return;
  exportError_->hide();
  const auto [name, datum] = data_[static_cast<std::size_t>(current_)];
  jobs_->start(
      this, QStringLiteral("export"), tr("Export %1").arg(text(name)),
      [path, entryName = name, entry = datum](const JobControl& control) {
        if (path.endsWith(QLatin1String(".csv")))
          write_csv(path, entry.tensor(), control);
        else if (path.endsWith(QLatin1String(".npz")))
          write_data(path.toStdString(), {{entryName, entry}});
        else
          write_datum(path.toStdString(), entryName, entry);
        return true;
      },
      [](bool) {},
      [this](const Error& error) {
        exportError_->setText(text(error.what()));
        exportError_->show();
      });
}

}  // namespace lapidary::ui
