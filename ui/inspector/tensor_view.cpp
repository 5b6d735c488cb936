#include "ui/inspector/tensor_view.h"

#include <QAction>
#include <QClipboard>
#include <QComboBox>
#include <QFileDialog>
#include <QGridLayout>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QSpinBox>
#include <QStackedWidget>
#include <QTabBar>
#include <QTableView>
#include <QTextStream>
#include <QToolButton>
#include <QVBoxLayout>

#include "engine/io/map_arrays.h"
#include "ui/document/format.h"
#include "ui/inspector/tensor_charts.h"

namespace lapidary::ui {

namespace {

constexpr int pictureSide = 512;

/// Rows of the tensor's last dimension, elements by comma.
void writeCsv(const QString& path, const Tensor& tensor) {
  QFile file(path);
  if (!file.open(QIODevice::WriteOnly))
    throw Error(file.errorString().toStdString(), Error::Kind::Machine).file(path.toStdString());
  QTextStream out(&file);
  const std::int64_t columns = tensor.dims().empty() ? 1 : tensor.dims().back();
  for (std::int64_t i = 0; i < tensor.size(); ++i)
    out << element_text(tensor, i)
        << (columns == 0 || (i + 1) % columns == 0 ? QLatin1Char('\n') : QLatin1Char(','));
}

}  // namespace

TensorView::TensorView(Theme* theme, JobList* jobs, QWidget* parent)
    : QWidget(parent),
      theme_(theme),
      jobs_(jobs),
      model_(new TensorTableModel(this)),
      names_(new QComboBox),
      type_(new QLabel),
      sliceBar_(new QWidget),
      pages_(new QStackedWidget),
      table_(new QTableView),
      histogram_(new HistogramView(theme)),
      picture_(new PictureView),
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
  exportError_->setWordWrap(true);
  exportError_->setContentsMargins(16, 0, 16, 0);
  exportError_->hide();
  column->addWidget(makeTools());
  column->addWidget(sliceBar_);
  column->addWidget(exportError_);
  column->addWidget(pages_, 1);
  table_->setModel(model_);
  table_->setAlternatingRowColors(true);
  table_->setShowGrid(false);
  table_->setAccessibleName(tr("Numbers"));
  table_->horizontalHeader()->setDefaultSectionSize(84);
  table_->verticalHeader()->setDefaultSectionSize(22);
  table_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  table_->horizontalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  for (QWidget* page :
       {static_cast<QWidget*>(histogram_), static_cast<QWidget*>(table_), static_cast<QWidget*>(picture_)})
    pages_->addWidget(page);
  auto* copy = new QAction(tr("Copy"), table_);
  copy->setShortcut(QKeySequence::Copy);
  copy->setShortcutContext(Qt::WidgetShortcut);
  connect(copy, &QAction::triggered, this, &TensorView::copyCells);
  table_->addAction(copy);
  table_->setContextMenuPolicy(Qt::ActionsContextMenu);
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
  auto* tabs = new QTabBar;
  tabs->setExpanding(false);
  tabs->setAccessibleName(tr("How the numbers are shown"));
  for (const QString& name : {tr("Histogram"), tr("Table"), tr("Picture")}) tabs->addTab(name);
  connect(tabs, &QTabBar::currentChanged, this, [this](int page) {
    pages_->setCurrentIndex(page);
    updatePicture();
  });
  second->addWidget(tabs);
  second->addStretch(1);
  const auto button = [&](const QString& icon, const QString& what, void (TensorView::*run)()) {
    auto* made = new QToolButton;
    made->setIcon(theme_->icon(icon, theme_->colors().weakText));
    connect(theme_, &Theme::changed, made,
            [this, made, icon] { made->setIcon(theme_->icon(icon, theme_->colors().weakText)); });
    made->setToolTip(what);
    made->setAccessibleName(what);
    made->setFocusPolicy(Qt::TabFocus);
    connect(made, &QToolButton::clicked, this, run);
    second->addWidget(made);
  };
  button(QStringLiteral("copy"), tr("Copy as TSV"), &TensorView::copy);
  button(QStringLiteral("save"), tr("Export as npy, npz or CSV"), &TensorView::exportData);
  column->addWidget(names_);
  column->addWidget(type_);
  column->addLayout(second);
  return tools;
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
  choose(data_.empty() ? -1 : 0);
}

void TensorView::choose(int index) {
  current_ = index;
  statistics_.reset();
  histogram_->setStatistics(statistics_);
  exportError_->hide();
  const Tensor tensor = index < 0 ? Tensor() : data_[static_cast<std::size_t>(index)].second.tensor();
  model_->setTensor(tensor);
  const QString type = index < 0 ? QString() : text(to_string(tensor.full_type()));
  type_->setText(data_.size() == 1 ? tr("%1 · %2").arg(text(data_.front().first), type) : type);
  type_->setToolTip(type_->text());
  makeSliceBoxes();
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
  jobs_->start(
      this, QStringLiteral("statistics"),
      tr("Numbers of %1").arg(text(data_[static_cast<std::size_t>(current_)].first)),
      [tensor = model_->tensor()](const JobControl& control) { return statistics_of(tensor, control); },
      [this](TensorStatistics statistics) {
        statistics_ = statistics;
        histogram_->setStatistics(statistics_);
        updatePicture();
      });
}

void TensorView::updatePicture() {
  if (pages_->currentIndex() != PicturePage || !statistics_ || current_ < 0 || model_->tensor().size() == 0)
    return;
  const Tensor& tensor = model_->tensor();
  jobs_->start(
      this, QStringLiteral("picture"),
      tr("Picture of %1").arg(text(data_[static_cast<std::size_t>(current_)].first)),
      [tensor, chosen = slice(), statistics = *statistics_, dark = theme_->isDark()](const JobControl&) {
        return is_picture(tensor.dims()) ? color_picture(tensor, chosen, pictureSide, statistics)
                                         : slice_picture(tensor, chosen, pictureSide, statistics, dark);
      },
      [this](const QImage& picture) { picture_->setPicture(picture); });
}

void TensorView::copy() {
  if (pages_->currentIndex() == PicturePage)
    picture_->copy();
  else
    copyCells();
}

void TensorView::copyCells() {
  if (current_ < 0) return;
  QModelIndexList cells = table_->selectionModel()->selectedIndexes();
  int top = 0, left = 0, bottom = std::min(model_->rowCount(), 1000) - 1,
      right = std::min(model_->columnCount(), 1000) - 1;
  if (!cells.isEmpty()) {
    const auto byRow = [](const QModelIndex& a, const QModelIndex& b) { return a.row() < b.row(); };
    const auto byColumn = [](const QModelIndex& a, const QModelIndex& b) { return a.column() < b.column(); };
    top = std::min_element(cells.begin(), cells.end(), byRow)->row();
    bottom = std::max_element(cells.begin(), cells.end(), byRow)->row();
    left = std::min_element(cells.begin(), cells.end(), byColumn)->column();
    right = std::max_element(cells.begin(), cells.end(), byColumn)->column();
  }
  QString lines;
  for (int row = top; row <= bottom; ++row)
    for (int column = left; column <= right; ++column)
      lines += model_->index(row, column).data().toString() + QLatin1Char(column == right ? '\n' : '\t');
  QGuiApplication::clipboard()->setText(lines);
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
      [path, entryName = name, entry = datum](const JobControl&) {
        if (path.endsWith(QLatin1String(".csv")))
          writeCsv(path, entry.tensor());
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
