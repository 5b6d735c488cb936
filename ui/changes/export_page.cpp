#include "ui/changes/export_page.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QIntValidator>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QVBoxLayout>

#include "engine/ops/operator_sets.h"
#include "engine/opsets/convert_opset.h"
#include "engine/runtime/suggested_inputs.h"
#include "ui/document/form.h"
#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

constexpr int fieldWidth = 168;

template <class Field>
Field* row(QVBoxLayout* column, const QString& caption, Field* field) {
  return add_form_row(column, caption, field, fieldWidth);
}

}  // namespace

ExportPage::ExportPage(Document* document, QWidget* parent)
    : OverPage(parent),
      document_(document),
      jobs_(document->jobs()),
      result_(new Document(document->theme(), document->jobs(), this)),
      view_(new ChangeView(document, result_)),
      opset_(new QComboBox),
      numbers_(new QComboBox),
      weights_(new QComboBox),
      keepIo_(new QCheckBox(tr("Inputs and outputs stay as they are"))),
      strip_(new QCheckBox(tr("Leave out documentation and metadata"))),
      folder_(new QPushButton(tr("Inputs of the Run panel"))),
      export_(new QPushButton(tr("Export…"))),
      messages_(new QListWidget) {
  view_->setTitles(tr("Now"), tr("Exported"));
  place(makeControls(), view_);
  connect(document, &Document::stateChanged, this, &ExportPage::start);
  start();
}

// The document may be gone before its page.
ExportPage::~ExportPage() { jobs_->cancelAll(this); }

QWidget* ExportPage::makeControls() {
  auto* controls = new QWidget;
  auto* column = new QVBoxLayout(controls);
  column->setContentsMargins(16, 12, 16, 12);
  column->setSpacing(8);
  auto* title = new QLabel(tr("Export"));
  title->setProperty("role", QStringLiteral("title"));
  column->addWidget(title);
  opset_->addItem(tr("as it is (%1)").arg(document_->model()->opset()), 0);
  for (std::int64_t version = newest_opset("").value_or(0); version >= oldest_target_opset; --version)
    opset_->addItem(QString::number(version), static_cast<qlonglong>(version));
  for (const auto& [name, numbers] : {std::pair{tr("as they are"), ExportNumbers::AsTheyAre},
                                      {tr("float16"), ExportNumbers::Float16},
                                      {tr("bfloat16"), ExportNumbers::BFloat16},
                                      {tr("float32"), ExportNumbers::Float32},
                                      {tr("int8, calibrated"), ExportNumbers::Int8}})
    numbers_->addItem(name, static_cast<int>(numbers));
  for (const auto& [name, placement] : {std::pair{tr("where they are"), WeightPlacement::AsBefore},
                                        {tr("in the model"), WeightPlacement::Inside},
                                        {tr("in one file beside"), WeightPlacement::OneFile},
                                        {tr("in a file each"), WeightPlacement::FilePerTensor}})
    weights_->addItem(name, static_cast<int>(placement));
  row(column, tr("Operator set"), opset_);
  row(column, tr("Numbers"), numbers_);
  row(column, tr("Calibrate with"), folder_);
  column->addWidget(keepIo_);
  addSizes(column);
  row(column, tr("Weights"), weights_);
  column->addWidget(strip_);
  keepIo_->setChecked(choice_.keepIo);
  messages_->setFrameShape(QFrame::NoFrame);
  messages_->setWordWrap(true);
  messages_->setAccessibleName(tr("What happens to the model"));
  column->addWidget(messages_, 1);
  auto* buttons = new QHBoxLayout;
  buttons->setSpacing(8);
  auto* cancel = new QPushButton(tr("Cancel"));
  export_->setProperty("role", QStringLiteral("accent"));
  export_->setObjectName(QStringLiteral("export"));
  buttons->addWidget(cancel, 1);
  buttons->addWidget(export_, 1);
  column->addLayout(buttons);
  for (QComboBox* box : {opset_, numbers_, weights_})
    connect(box, &QComboBox::activated, this, &ExportPage::readControls);
  for (QCheckBox* box : {keepIo_, strip_}) connect(box, &QCheckBox::clicked, this, &ExportPage::readControls);
  connect(folder_, &QPushButton::clicked, this, &ExportPage::chooseFolder);
  connect(cancel, &QPushButton::clicked, this, &OverPage::closeWanted);
  connect(export_, &QPushButton::clicked, this, &ExportPage::chooseFile);
  return controls;
}

void ExportPage::addSizes(QVBoxLayout* column) {
  for (const std::string& name : free_dimensions(*document_->model())) {
    auto* size = new QLineEdit;
    size->setPlaceholderText(tr("free"));
    size->setValidator(new QIntValidator(0, std::numeric_limits<int>::max(), size));
    sizes_[name] = row(column, tr("Size %1").arg(text(name)), size);
    connect(size, &QLineEdit::editingFinished, this, &ExportPage::readControls);
  }
}

void ExportPage::readControls() {
  ExportChoice chosen = choice_;
  chosen.opset = opset_->currentData().toLongLong();
  chosen.numbers = static_cast<ExportNumbers>(numbers_->currentData().toInt());
  chosen.weights = static_cast<WeightPlacement>(weights_->currentData().toInt());
  chosen.keepIo = keepIo_->isChecked();
  chosen.strip = strip_->isChecked();
  chosen.sizes.clear();
  for (const auto& [name, field] : sizes_)
    if (!field->text().isEmpty()) chosen.sizes[name] = field->text().toLongLong();
  if (chosen == choice_) return;
  choice_ = std::move(chosen);
  start();
}

void ExportPage::setChoice(const ExportChoice& choice) {
  choice_ = choice;
  opset_->setCurrentIndex(opset_->findData(static_cast<qlonglong>(choice.opset)));
  numbers_->setCurrentIndex(static_cast<int>(choice.numbers));
  weights_->setCurrentIndex(static_cast<int>(choice.weights));
  keepIo_->setChecked(choice.keepIo);
  strip_->setChecked(choice.strip);
  for (const auto& [name, size] : choice.sizes)
    if (const auto field = sizes_.find(name); field != sizes_.end())
      field->second->setText(QString::number(size));
  start();
}

void ExportPage::start() {
  if (!document_->canEdit()) return;
  made_.reset();
  export_->setEnabled(false);
  const bool runs = choice_.numbers != ExportNumbers::AsTheyAre;
  folder_->setEnabled(choice_.numbers == ExportNumbers::Int8 || choice_.numbers == ExportNumbers::Float16);
  keepIo_->setEnabled(runs && choice_.numbers != ExportNumbers::Int8);
  say({runs ? tr("Converting, and running both to compare…") : tr("Converting…")});
  using Made = std::pair<Export, NodeChanges>;
  jobs_->start(
      this, QStringLiteral("export"), tr("Convert %1").arg(document_->title()),
      [model = document_->history()->current(), choice = choice_,
       settings = document_->runSettings()](const JobControl& control) {
        Export made = make_export(model, choice, settings, control);
        NodeChanges changes;
        if (made.model) changes = node_changes(difference_between(*model, *made.model), *model, *made.model);
        return Made(std::move(made), std::move(changes));
      },
      [this](Made made) { take(std::move(made.first), std::move(made.second)); },
      [this](const Error& error) {
        say({text(error.what())});
        Q_EMIT changed();
      });
}

void ExportPage::take(Export made, NodeChanges changes) {
  made_ = std::make_unique<Export>(std::move(made));
  QStringList messages = made_->messages;
  if (made_->model) {
    result_->openModel(made_->model, tr("Exported %1").arg(document_->title()));
    view_->setChanges(std::move(changes));
    if (messages.isEmpty()) messages += tr("Nothing stands against it.");
  } else {
    messages.prepend(tr("It cannot be written so:"));
  }
  export_->setEnabled(made_->model != nullptr);
  say(messages);
  Q_EMIT changed();
}

void ExportPage::say(const QStringList& messages) {
  messages_->clear();
  messages_->addItems(messages);
}

void ExportPage::chooseFolder() {
  const QString folder = QFileDialog::getExistingDirectory(this, tr("Inputs to calibrate with"),
                                                           QFileInfo(document_->path()).path());
  choice_.calibrationFolder = folder;
  folder_->setText(folder.isEmpty() ? tr("Inputs of the Run panel") : QFileInfo(folder).fileName());
  start();
}

void ExportPage::chooseFile() {
  const QFileInfo file(document_->path());
  const QString path = QFileDialog::getSaveFileName(
      this, tr("Export %1").arg(document_->title()),
      file.path() + QLatin1Char('/') + file.completeBaseName() + QStringLiteral("-exported.onnx"),
      tr("Models (*.onnx *.onnxtxt *.textproto *.json *.onnx.gz *.onnx.zip);;All files (*)"));
  if (!path.isEmpty()) write(path);
}

void ExportPage::write(const QString& path) {
  if (!made_ || !made_->model) return;
  SaveOptions options = save_options_for(path.toStdString());
  options.weights = choice_.weights;
  export_->setEnabled(false);
  jobs_->start(
      this, QStringLiteral("write"), tr("Write %1").arg(QFileInfo(path).fileName()),
      [model = made_->model, options, loaded = document_->loaded(),
       name = path.toStdString()](const JobControl&) { return save_model(*model, name, options, &loaded); },
      [this, path](const SaveResult& result) {
        QStringList messages{
            tr("%1 is written, %2.")
                .arg(QFileInfo(path).fileName(), bytes(static_cast<double>(result.file_bytes)))};
        for (const std::string& message : result.messages) messages += text(message);
        say(messages + made_->messages);
        export_->setEnabled(true);
        Q_EMIT written();
      },
      [this](const Error& error) {
        say({text(error.what())});
        export_->setEnabled(true);
      });
}

}  // namespace lapidary::ui
