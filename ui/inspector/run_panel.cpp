#include "ui/inspector/run_panel.h"

#include <QComboBox>
#include <QDragEnterEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMimeData>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QSpinBox>
#include <QStandardItemModel>
#include <QThread>
#include <QVBoxLayout>

#include "engine/backends.h"
#include "ui/document/form.h"
#include "ui/document/format.h"
#include "ui/inspector/input_form.h"

namespace lapidary::ui {

namespace {

constexpr int fieldWidth = 112;

QLabel* section(const QString& title) {
  auto* made = new QLabel(title);
  made->setProperty("role", QStringLiteral("section"));
  made->setContentsMargins(0, 8, 0, 0);
  return made;
}

template <class Field>
Field* row(QVBoxLayout* column, const QString& caption, Field* field) {
  return add_form_row(column, caption, field, fieldWidth);
}

QSpinBox* numberBox(int least, int most, int value) {
  auto* box = new QSpinBox;
  box->setRange(least, most);
  box->setValue(value);
  return box;
}

QStringList dataFiles(const QMimeData* dropped) {
  QStringList paths;
  for (const QUrl& url : dropped->urls())
    if (url.isLocalFile() && is_data_file(url.toLocalFile())) paths += url.toLocalFile();
  return paths;
}

}  // namespace

RunPanel::RunPanel(JobList* jobs, QWidget* parent)
    : QWidget(parent),
      jobs_(jobs),
      scroll_(new QScrollArea),
      note_(new QLabel),
      run_(new QPushButton),
      progress_(new QProgressBar),
      error_(new QLabel) {
  auto* page = new QVBoxLayout(this);
  page->setContentsMargins(0, 0, 0, 0);
  page->setSpacing(0);
  note_->setObjectName(QStringLiteral("note"));
  note_->setWordWrap(true);
  note_->setText(tr("This model leaves sizes or numbers open. See whether these fit, then press %1 again.")
                     .arg(QKeySequence(Qt::CTRL | Qt::Key_R).toString(QKeySequence::NativeText)));
  scroll_->setWidgetResizable(true);
  scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll_->setFocusPolicy(Qt::NoFocus);
  connect(scroll_->verticalScrollBar(), &QScrollBar::rangeChanged, this, &RunPanel::fitMargin);
  page->addWidget(note_);
  page->addWidget(scroll_, 1);
  page->addWidget(makeFooter());
  setAccessibleName(tr("Run settings"));
  setAcceptDrops(true);
  connect(jobs, &JobList::activityChanged, this, &RunPanel::showProgress);
}

void RunPanel::setDocument(Document* document) {
  if (document_) disconnect(document_, nullptr, this, nullptr);
  document_ = document;
  if (document) {
    connect(document, &Document::stateChanged, this, &RunPanel::rebuild);
    connect(document, &Document::runSettingsChanged, this, &RunPanel::showSettings);
    connect(document, &Document::runSettingsSuggested, this, &RunPanel::rebuild);
    connect(document, &Document::runSettingsWanted, this, &RunPanel::showProgress);
    connect(document, &Document::runChanged, this, &RunPanel::showProgress);
  }
  rebuild();
}

void RunPanel::change(const std::function<void(RunSettings&)>& edit) {
  if (!document_) return;
  RunSettings settings = document_->runSettings();
  edit(settings);
  document_->setRunSettings(settings);
}

void RunPanel::rebuild() {
  const bool hadFocus = scroll_->widget() && scroll_->widget()->isAncestorOf(focusWidget());
  auto* content = new QWidget;
  auto* column = new QVBoxLayout(content);
  column->setContentsMargins(16, 4, 16, 16);
  column->setSpacing(6);
  if (document_ && document_->model()) {
    addDimensions(column);
    addInputs(column);
    addSettings(column);
  }
  column->addStretch(1);
  scroll_->setWidget(content);
  fitMargin();
  showProgress();
  if (hadFocus) focusFirst();
}

/// Fields end where the Run button ends, with a scroll bar and without.
void RunPanel::fitMargin() {
  const QScrollBar* bar = scroll_->verticalScrollBar();
  const int taken = bar->maximum() > bar->minimum() ? bar->sizeHint().width() : 0;
  if (scroll_->widget()) scroll_->widget()->layout()->setContentsMargins(16, 4, 16 - taken, 16);
}

void RunPanel::focusFirst() {
  auto* box = scroll_->widget()->findChild<QSpinBox*>(QStringLiteral("dimension"));
  QWidget* first = box ? static_cast<QWidget*>(box) : scroll_->widget()->findChild<QComboBox*>();
  if (!first) return;
  first->setFocus(Qt::OtherFocusReason);
  if (box) box->selectAll();
  scroll_->ensureWidgetVisible(first);
}

void RunPanel::addDimensions(QVBoxLayout* column) {
  const std::vector<std::string> names = free_dimensions(*document_->model());
  if (names.empty()) return;
  column->addWidget(section(tr("Free dimensions")));
  for (const std::string& name : names) {
    const auto& known = document_->runSettings().dimensions;
    const int value = known.count(name) ? static_cast<int>(known.at(name)) : 1;
    QSpinBox* box = row(column, text(name), numberBox(0, 1'000'000, value));
    box->setObjectName(QStringLiteral("dimension"));
    connect(box, &QSpinBox::valueChanged, this, [this, name](int size) {
      change([&](RunSettings& settings) { settings.dimensions[name] = size; });
    });
  }
}

void RunPanel::addInputs(QVBoxLayout* column) {
  const std::vector<Value> inputs = unfilled_inputs(*document_->model());
  if (inputs.empty()) return;
  column->addWidget(section(tr("Inputs")));
  for (const Value& input : inputs) {
    const auto& known = document_->runSettings().inputs;
    auto* form = new InputForm(input, known.count(input.name) ? known.at(input.name) : InputSource{});
    column->addWidget(form);
    connect(form, &InputForm::changed, this, [this, form] {
      change([&](RunSettings& settings) { settings.inputs[form->name()] = form->source(); });
    });
  }
}

void RunPanel::addSettings(QVBoxLayout* column) {
  const RunSettings& settings = document_->runSettings();
  column->addWidget(section(tr("Measuring")));
  backend_ = row(column, tr("Backend"), makeBackends());
  connect(backend_, &QComboBox::currentTextChanged, this, [this](const QString& name) {
    change([&](RunSettings& changed) { changed.backend = name.toStdString(); });
  });
  threads_ = row(column, tr("Threads"), numberBox(0, QThread::idealThreadCount(), settings.threads));
  threads_->setSpecialValueText(tr("all cores"));
  connect(threads_, &QSpinBox::valueChanged, this,
          [this](int value) { change([&](RunSettings& changed) { changed.threads = value; }); });
  connect(row(column, tr("Repeats"), numberBox(1, 10'000, settings.repeats)), &QSpinBox::valueChanged, this,
          [this](int value) { change([&](RunSettings& changed) { changed.repeats = value; }); });
  connect(row(column, tr("Seed"), numberBox(0, 1'000'000'000, static_cast<int>(settings.seed))),
          &QSpinBox::valueChanged, this, [this](int value) {
            change([&](RunSettings& changed) { changed.seed = static_cast<std::uint64_t>(value); });
          });
  QSpinBox* memory = row(column, tr("Memory"), numberBox(1, 100, settings.memoryPercent));
  memory->setSuffix(tr(" % of free"));
  memory->setToolTip(tr("A run that would take more of the memory that is free is refused"));
  connect(memory, &QSpinBox::valueChanged, this,
          [this](int value) { change([&](RunSettings& changed) { changed.memoryPercent = value; }); });
}

/// Those that cannot run here stand in the list, but cannot be chosen; their tips say why.
QComboBox* RunPanel::makeBackends() const {
  auto* box = new QComboBox;
  auto* items = new QStandardItemModel(box);
  for (const Backend& backend : backends()) {
    const Availability availability = backend.availability ? backend.availability() : Availability{};
    auto* item = new QStandardItem(text(backend.name));
    item->setEnabled(availability.available);
    item->setToolTip(text(availability.available ? backend.device : availability.reason));
    items->appendRow(item);
  }
  box->setModel(items);
  box->setCurrentText(text(document_->runSettings().backend));
  return box;
}

/// Backend and threads may be chosen in the header, too.
void RunPanel::showSettings() {
  if (!document_ || !backend_ || !threads_) return;
  const QSignalBlocker quietBackend(backend_), quietThreads(threads_);
  backend_->setCurrentText(text(document_->runSettings().backend));
  threads_->setValue(document_->runSettings().threads);
}

QWidget* RunPanel::makeFooter() {
  auto* footer = new QWidget;
  footer->setObjectName(QStringLiteral("footer"));
  auto* column = new QVBoxLayout(footer);
  column->setContentsMargins(16, 8, 16, 12);
  column->setSpacing(8);
  run_->setProperty("role", QStringLiteral("accent"));
  run_->setFixedHeight(32);
  progress_->setTextVisible(false);
  progress_->setAccessibleName(tr("Progress of the run"));
  error_->setProperty("role", QStringLiteral("problem"));
  error_->setWordWrap(true);
  error_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  connect(run_, &QPushButton::clicked, this, &RunPanel::runOrStop);
  column->addWidget(error_);
  column->addWidget(progress_);
  column->addWidget(run_);
  return footer;
}

void RunPanel::runOrStop() {
  if (!document_) return;
  if (document_->isRunning())
    document_->cancelRun();
  else
    document_->run();
}

void RunPanel::showProgress() {
  const bool isReady = document_ && document_->state() == Document::State::Ready;
  const Job* job = document_ ? jobs_->running(document_, QStringLiteral("run")) : nullptr;
  note_->setVisible(isReady && document_->isAsking());
  run_->setEnabled(isReady);
  run_->setText(job ? tr("Stop") : tr("Run"));
  progress_->setVisible(job != nullptr);
  progress_->setRange(0, job && job->progress() >= 0 ? 1000 : 0);
  if (job && job->progress() >= 0) progress_->setValue(qRound(job->progress() * 1000));
  const bool failed = document_ && document_->runError();
  error_->setVisible(failed);
  if (failed) error_->setText(text(document_->runError()->what()));
}

void RunPanel::giveFiles(const QStringList& paths) {
  if (!document_ || !document_->model()) return;
  change([&](RunSettings& settings) {
    for (const QString& path : paths) take_file(*document_->model(), path, settings);
  });
  rebuild();
}

void RunPanel::dragEnterEvent(QDragEnterEvent* event) {
  if (!dataFiles(event->mimeData()).isEmpty()) event->acceptProposedAction();
}

void RunPanel::dropEvent(QDropEvent* event) {
  giveFiles(dataFiles(event->mimeData()));
  event->acceptProposedAction();
}

}  // namespace lapidary::ui
