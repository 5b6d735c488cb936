#include "ui/inspector/outputs_panel.h"

#include <QClipboard>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QSpinBox>
#include <QStyle>
#include <QVBoxLayout>

#include "ui/document/copy_action.h"
#include "ui/document/format.h"
#include "ui/document/run_hint.h"
#include "ui/inspector/tensor_view.h"

namespace lapidary::ui {

namespace {

constexpr int rowHeight = 28;
constexpr std::size_t mostClasses = 5;

/// What each row of the inputs beside a model is known to be, a line each, from NAME.expected.txt; empty if
/// there is no such file.
QStringList expectedBeside(const QString& model) {
  const QFileInfo info(model);
  QFile file(info.dir().filePath(info.completeBaseName() + QStringLiteral(".expected.txt")));
  if (!file.open(QIODevice::ReadOnly | QIODevice::Text)) return {};
  return QString::fromUtf8(file.readAll()).trimmed().split(QLatin1Char('\n'));
}

}  // namespace

ClassesView::ClassesView(Theme* theme, QWidget* parent) : QWidget(parent), theme_(theme) {
  setMinimumSize(240, rowHeight * static_cast<int>(mostClasses));
  setAccessibleName(tr("Likeliest classes"));
  add_copy_action(this, tr("Copy Classes as TSV"), [this] { copy(); });
}

void ClassesView::copy() const {
  QString lines;
  for (const ClassShare& one : classes_)
    lines += QStringLiteral("%1\t%2\t%3\n").arg(one.index).arg(text(one.label)).arg(one.share);
  QGuiApplication::clipboard()->setText(lines);
}

void ClassesView::setClasses(std::vector<ClassShare> classes) {
  classes_ = std::move(classes);
  QStringList lines;
  for (const ClassShare& one : classes_)
    lines += QStringLiteral("%1 %2").arg(text(one.label), percent(one.share));
  setAccessibleDescription(lines.join(QLatin1Char('\n')));
  update();
}

void ClassesView::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  QFont bold = font();
  bold.setWeight(QFont::DemiBold);
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    const ClassShare& one = classes_[i];
    const QRect line(16, static_cast<int>(i) * rowHeight, width() - 32, rowHeight);
    const QString name = one.label.empty() ? tr("class %1").arg(one.index) : text(one.label);
    painter.setFont(i == 0 ? bold : font());
    painter.setPen(theme_->colors().text);
    const QString share = percent(one.share);
    painter.drawText(line.adjusted(0, 0, 0, -8), Qt::AlignVCenter | Qt::AlignLeft,
                     fontMetrics().elidedText(name, Qt::ElideRight, line.width() - 64));
    painter.drawText(line.adjusted(0, 0, 0, -8), Qt::AlignVCenter | Qt::AlignRight, share);
    const QRectF track(line.left(), line.bottom() - 7, line.width(), 4);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme_->colors().field);
    painter.drawRoundedRect(track, 2, 2);
    painter.setBrush(theme_->colors().accent);
    painter.drawRoundedRect(QRectF(track.topLeft(), QSizeF(std::max(2.0, track.width() * one.share), 4)), 2,
                            2);
  }
}

OutputsPanel::OutputsPanel(Theme* theme, JobList* jobs, QWidget* parent)
    : QWidget(parent),
      empty_(new RunHint(tr("Run the model to see what it gives · Ctrl+R"))),
      content_(new QWidget),
      classesSide_(new QWidget),
      row_(new QSpinBox),
      classes_(new ClassesView(theme)),
      expected_(new QLabel),
      tensors_(new TensorView(theme, jobs)) {
  auto* page = new QVBoxLayout(this);
  page->setContentsMargins(0, 0, 0, 0);
  empty_->standInFor(content_);
  page->addWidget(empty_);
  page->addWidget(content_);
  auto* row = new QHBoxLayout(content_);
  row->setContentsMargins(0, 8, 0, 0);
  row->setSpacing(0);
  auto* side = new QVBoxLayout(classesSide_);
  side->setContentsMargins(0, 0, 0, 0);
  auto* head = new QHBoxLayout;
  head->setContentsMargins(16, 0, 16, 0);
  auto* title = new QLabel(tr("Likeliest classes"));
  title->setProperty("role", QStringLiteral("section"));
  row_->setPrefix(tr("row "));
  row_->setAccessibleName(tr("Row of the batch"));
  head->addWidget(title, 1);
  head->addWidget(row_);
  side->addLayout(head);
  side->addWidget(classes_);
  expected_->setContentsMargins(16, 4, 16, 0);
  side->addWidget(expected_);
  side->addStretch(1);
  classesSide_->setFixedWidth(320);
  row->addWidget(classesSide_);
  row->addWidget(tensors_, 1);
  connect(row_, &QSpinBox::valueChanged, this, &OutputsPanel::showClasses);
  refresh();
}

void OutputsPanel::setDocument(Document* document) {
  if (document_) disconnect(document_, nullptr, this, nullptr);
  document_ = document;
  empty_->setDocument(document);
  if (document) {
    connect(document, &Document::runChanged, this, &OutputsPanel::refresh);
    connect(document, &Document::stateChanged, this, &OutputsPanel::refresh);
  }
  refresh();
}

void OutputsPanel::refresh() {
  const auto result = document_ ? document_->result() : nullptr;
  tensors_->setData(result ? result->outputs : NamedData{});
  if (!result) return;
  std::int64_t rows = 1;
  for (const auto& [name, datum] : result->outputs)
    if (datum.is_tensor() && datum.tensor().rank() == 2)
      rows = std::max<std::int64_t>(rows, datum.tensor().dims()[0]);
  row_->setRange(0, static_cast<int>(rows - 1));
  row_->setVisible(rows > 1);
  showClasses();
}

void OutputsPanel::showClasses() {
  std::vector<ClassShare> classes;
  const auto result = document_ ? document_->result() : nullptr;
  if (result) {
    const std::vector<std::string> labels = labels_beside(document_->path().toStdString());
    for (const auto& [name, datum] : result->outputs) {
      if (!datum.is_tensor() || !classes.empty()) continue;
      const Tensor& tensor = datum.tensor();
      const std::int64_t rows = tensor.rank() == 2 ? tensor.dims()[0] : 1;
      if (row_->value() < rows) classes = likeliest_classes(tensor, labels, mostClasses, row_->value());
    }
  }
  classesSide_->setVisible(!classes.empty());
  showExpected(classes);
  classes_->setClasses(std::move(classes));
}

/// Says beside the prediction what is known to be right, and whether it was found.
void OutputsPanel::showExpected(const std::vector<ClassShare>& classes) {
  const QStringList known = document_ ? expectedBeside(document_->path()) : QStringList();
  const bool isKnown = !classes.empty() && row_->value() < known.size();
  expected_->setVisible(isKnown);
  if (!isKnown) return;
  const QString right = known[row_->value()];
  const bool isFound = text(classes.front().label) == right;
  expected_->setText(isFound ? tr("✓ expected: %1").arg(right) : tr("✗ expected: %1").arg(right));
  expected_->setProperty("role", isFound ? QStringLiteral("weak") : QStringLiteral("problem"));
  expected_->style()->polish(expected_);
}

}  // namespace lapidary::ui
