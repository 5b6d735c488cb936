#include "ui/compare/comparing_runs.h"

#include <QFileInfo>
#include <cmath>

#include "engine/backends.h"
#include "engine/precision/convert_precision.h"
#include "engine/runtime/free_memory.h"
#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

const QString channel = QStringLiteral("comparison");

ComparedRun runOf(const ModelPointer& model, const std::string& backend, const RunSettings& settings) {
  ComparedRun run;
  run.name = backend;
  run.model = model;
  run.runner.backend = &find_backend(backend);
  run.runner.threads = settings.threads;
  run.runner.seed = settings.seed;
  return run;
}

ComparedRun otherRun(const Against& against, const ModelPointer& model, const RunSettings& settings) {
  const std::string path = against.path.toStdString();
  if (against.kind == Against::Kind::Recording) return recorded_run(path, model);
  if (against.kind == Against::Kind::Model) return runOf(load_model(path).model, settings.backend, settings);
  ComparedRun run = runOf(model, against.backend, settings);
  run.runner.float64 = against.float64;
  if (against.precision == DataType::Undefined) return run;
  PrecisionOptions options;
  options.target = against.precision;
  options.keep_io = true;
  run.model = convert_precision(model, options).model;
  return run;
}

RunComparison compared(const Against& against, const ModelPointer& model, const RunSettings& settings,
                       const JobControl& control) {
  Values inputs;
  for (auto& [name, datum] : make_inputs(*model, settings)) inputs[name] = std::move(datum);
  ComparedRun own = runOf(model, settings.backend, settings), other = otherRun(against, model, settings);
  own.runner.cancel = other.runner.cancel = control.token();
  ComparisonOptions options;
  options.memory_bytes = free_memory_bytes() / 4;
  options.exact.backend = &find_backend("reference");
  options.exact.float64 = true;
  options.exact.seed = settings.seed;
  options.exact.cancel = control.token();
  options.progress = [&control](std::size_t done, std::size_t all) {
    control.check();
    control.setProgress(static_cast<double>(done) / static_cast<double>(std::max<std::size_t>(all, 1)));
  };
  return compare_runs(own, other, inputs, options);
}

}  // namespace

QString Against::title() const {
  if (kind != Kind::Backend) return QFileInfo(path).fileName();
  if (float64) return ComparingRuns::tr("%1 in float64").arg(text(backend));
  if (precision == DataType::Undefined) return text(backend);
  return ComparingRuns::tr("%1 in %2").arg(text(backend), text(name_of(precision)));
}

std::vector<Against> comparable_backends() {
  std::vector<Against> all = {{.float64 = true}};
  for (const Backend& backend : backends())
    if (backend.availability().available) all.push_back({.backend = backend.name});
  for (const DataType precision : {DataType::Float16, DataType::BFloat16})
    all.push_back({.backend = "cpu", .precision = precision});
  return all;
}

ComparingRuns* ComparingRuns::of(Document* document) {
  auto* found = document->findChild<ComparingRuns*>(QString(), Qt::FindDirectChildrenOnly);
  return found ? found : new ComparingRuns(document);
}

ComparingRuns::ComparingRuns(Document* document) : QObject(document), document_(document) {
  // Whatever edit it was, the numbers are those of another model.
  connect(document, &Document::stateChanged, this, [this] {
    if (!model_ || document_->model() == model_) return;
    cancel();
    model_.reset();
    error_.reset();
    take(nullptr);
  });
}

Job* ComparingRuns::job() const { return document_->jobs()->running(this, channel); }

void ComparingRuns::cancel() {
  if (Job* running = job()) running->cancel();
}

void ComparingRuns::start(const Against& against) {
  if (!document_->model()) return;
  against_ = against;
  model_ = document_->model();
  error_.reset();
  result_.reset();
  Job* job = document_->jobs()->start(
      this, channel, tr("Compare %1 with %2").arg(document_->title(), against.title()),
      [against, model = model_, settings = document_->runSettings()](const JobControl& control) {
        return std::make_shared<const RunComparison>(compared(against, model, settings, control));
      },
      [this](std::shared_ptr<const RunComparison> result) { take(std::move(result)); },
      [this](const Error& error) {
        error_ = error;
        take(nullptr);
      });
  connect(job, &Job::finished, this, &ComparingRuns::changed);
  Q_EMIT changed();
}

void ComparingRuns::take(std::shared_ptr<const RunComparison> result) {
  result_ = std::move(result);
  showErrors();
  Q_EMIT changed();
}

double ComparingRuns::errorOf(const ComparedTensor& tensor) {
  return tensor.metrics ? tensor.metrics->relative_to_scale() : -1;
}

std::optional<Element> ComparingRuns::nodeOf(std::size_t row) const {
  if (!result_ || document_->model() != model_ || !document_->index()) return std::nullopt;
  const int node = document_->index()->producer(result_->tensors[row].pair.a).node;
  return node < 0 ? std::nullopt : std::optional(Element::node(node));
}

/// Colours each node by the largest error of what it makes.
void ComparingRuns::showErrors() {
  if (!result_) return document_->heat()->setErrors({});
  std::vector<double> errors(model_->graph->nodes.size(), -1);
  for (std::size_t row = 0; row < result_->tensors.size(); ++row) {
    const auto node = nodeOf(row);
    if (!node) continue;
    double& error = errors[static_cast<std::size_t>(node->index)];
    error = std::max(error, errorOf(result_->tensors[row]));
  }
  document_->heat()->setErrors(std::move(errors));
}

}  // namespace lapidary::ui
