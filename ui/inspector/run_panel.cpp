#include "ui/inspector/run_panel.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>

#include "ui/document/format.h"
#include "ui/inspector/input_form.h"

namespace lapidary::ui {

namespace {

QLabel* section(const QString& title) {
  auto* made = new QLabel(title);
  made->setProperty("role", QStringLiteral("section"));
  made->setContentsMargins(0, 8, 0, 0);
  return made;
}

QSpinBox* row(QVBoxLayout* column, const QString& caption, int least, int most, int value) {
  auto* line = new QHBoxLayout;
  auto* box = new QSpinBox;
  box->setRange(least, most);
  box->setValue(value);
  box->setFixedWidth(112);
  box->setAccessibleName(caption);
  line->addWidget(new QLabel(caption), 1);
  line->addWidget(box);
  column->addLayout(line);
  return box;
}

}  // namespace

RunPanel::RunPanel(Theme* theme, JobList* jobs, QWidget* parent)
    : QScrollArea(parent), theme_(theme), jobs_(jobs) {
  setWidgetResizable(true);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setAccessibleName(tr("Run settings"));
  connect(jobs, &JobList::activityChanged, this, &RunPanel::showProgress);
}

void RunPanel::setDocument(Document* document) {
  if (document_) disconnect(document_, nullptr, this, nullptr);
  document_ = document;
  if (document) {
    connect(document, &Document::stateChanged, this, &RunPanel::rebuild);
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
  auto* content = new QWidget;
  auto* column = new QVBoxLayout(content);
  column->setContentsMargins(16, 4, 16, 16);
  column->setSpacing(6);
  if (document_ && document_->model()) {
    addDimensions(column);
    addInputs(column);
    addSettings(column);
    addRun(column);
  }
  column->addStretch(1);
  setWidget(content);
  showProgress();
}

void RunPanel::addDimensions(QVBoxLayout* column) {
  const std::vector<std::string> names = free_dimensions(*document_->model());
  if (names.empty()) return;
  column->addWidget(section(tr("Free dimensions")));
  for (const std::string& name : names) {
    const auto& known = document_->runSettings().dimensions;
    const int value = known.count(name) ? static_cast<int>(known.at(name)) : 1;
    connect(
        row(column, text(name), 0, 1'000'000, value), &QSpinBox::valueChanged, this,
        [this, name](int size) { change([&](RunSettings& settings) { settings.dimensions[name] = size; }); });
  }
}

void RunPanel::addInputs(QVBoxLayout* column) {
  column->addWidget(section(tr("Inputs")));
  for (const Value& input : required_inputs(*document_->model())) {
    if (document_->index()->initializer(input.name)) continue;
    const auto& known = document_->runSettings().inputs;
    auto* form = new InputForm(input, known.count(input.name) ? known.at(input.name) : InputSource{});
    column->addWidget(form);
    connect(form, &InputForm::changed, this, [this, form] {
      change([&](RunSettings& settings) { settings.inputs[form->name()] = form->source(); });
    });
  }
}

void RunPanel::addSettings(QVBoxLayout* column) {
  column->addWidget(section(tr("Measuring")));
  connect(row(column, tr("Repeats"), 1, 10'000, document_->runSettings().repeats), &QSpinBox::valueChanged,
          this, [this](int value) { change([&](RunSettings& settings) { settings.repeats = value; }); });
  connect(row(column, tr("Seed"), 0, 1'000'000'000, static_cast<int>(document_->runSettings().seed)),
          &QSpinBox::valueChanged, this, [this](int value) {
            change([&](RunSettings& settings) { settings.seed = static_cast<std::uint64_t>(value); });
          });
}

void RunPanel::addRun(QVBoxLayout* column) {
  run_ = new QPushButton;
  run_->setProperty("role", QStringLiteral("accent"));
  run_->setFixedHeight(32);
  progress_ = new QProgressBar;
  progress_->setTextVisible(false);
  error_ = new QLabel;
  error_->setProperty("role", QStringLiteral("problem"));
  error_->setWordWrap(true);
  error_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  connect(run_, &QPushButton::clicked, this, [this] {
    if (!document_) return;
    if (document_->isRunning())
      document_->cancelRun();
    else
      document_->run();
  });
  column->addSpacing(8);
  column->addWidget(run_);
  column->addWidget(progress_);
  column->addWidget(error_);
}

void RunPanel::showProgress() {
  if (!run_ || !document_) return;
  const Job* job = jobs_->running(document_, QStringLiteral("run"));
  run_->setText(job ? tr("Stop") : tr("Run"));
  progress_->setVisible(job != nullptr);
  progress_->setRange(0, job && job->progress() >= 0 ? 1000 : 0);
  if (job && job->progress() >= 0) progress_->setValue(qRound(job->progress() * 1000));
  const auto& error = document_->runError();
  error_->setVisible(error.has_value());
  if (error) error_->setText(text(error->what()));
}

}  // namespace lapidary::ui
