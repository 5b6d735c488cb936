#include "ui/document/document.h"

#include <QFileInfo>
#include <QFontMetricsF>
#include <QGuiApplication>
#include <algorithm>
#include <array>

#include "engine/analysis/check.h"
#include "ui/document/format.h"
#include "ui/document/journal_keeper.h"
#include "ui/document/recovery.h"
#include "ui/document/run_memory.h"

namespace lapidary::ui {

namespace {

struct Inference {
  std::shared_ptr<const InferredTypes> types;
  std::shared_ptr<const NestedGraphs> nested;
};

Inference infer(const Model& model, const JobControl& control) {
  InferenceOptions options;
  options.checkpoint = [&control] { control.check(); };
  Inference inference;
  inference.types = std::make_shared<const InferredTypes>(infer_types(model, options));
  inference.nested = std::make_shared<const NestedGraphs>(model, *inference.types);
  return inference;
}

struct Analysis {
  std::shared_ptr<const ModelCost> cost;
  std::vector<UnsupportedOperator> unsupported;
  std::vector<Problem> problems;
};

Analysis analyse_model(const Model& model, const InferredTypes& types, const JobControl& control) {
  Analysis analysis;
  analysis.cost = std::make_shared<ModelCost>(cost_of(model, types));
  control.setProgress(0.4);
  control.check();
  analysis.unsupported = unsupported_operators(model);
  analysis.problems = check_model(model);
  return analysis;
}

/// Widths of the characters that names are made of, so that a layout job measures text without asking the
/// font.
struct TextWidths {
  std::array<double, 128> regular{}, bold{};
  double other = 0;

  double operator()(const std::string& line, bool isBold) const {
    double width = 0;
    for (const char character : line) {
      const auto code = static_cast<unsigned char>(character);
      if (code < 128)
        width += (isBold ? bold : regular)[code];
      else if ((code & 0xc0) != 0x80)  // the first byte of a longer character
        width += other;
    }
    return width;
  }
};

TextWidths measuredWidths() {
  QFont font = QGuiApplication::font();
  font.setPixelSize(static_cast<int>(text_font_px));
  const QFontMetricsF regular(font);
  font.setPixelSize(static_cast<int>(title_font_px));
  font.setWeight(QFont::DemiBold);
  const QFontMetricsF bold(font);
  TextWidths widths;
  for (unsigned char code = 32; code < 127; ++code) {
    widths.regular[code] = regular.horizontalAdvance(QLatin1Char(static_cast<char>(code)));
    widths.bold[code] = bold.horizontalAdvance(QLatin1Char(static_cast<char>(code)));
  }
  widths.other = regular.horizontalAdvance(QChar(0x00d7));
  return widths;
}

/// What undo may hold beyond the model itself.
constexpr std::int64_t historyBudgetBytes = std::int64_t{1} << 30;

}  // namespace

struct Document::Opened {
  explicit Opened(LoadedModel model) : loaded(std::move(model)), history(loaded.model, historyBudgetBytes) {}
  LoadedModel loaded;
  EditHistory history;
  std::shared_ptr<const Hierarchy> hierarchy;
  std::shared_ptr<const GraphIndex> index;
  std::optional<JournalContent> foundJournal;
  std::optional<Recovery> recovery;
};

Document::Document(Theme* theme, JobList* jobs, QObject* parent)
    : QObject(parent), theme_(theme), jobs_(jobs), selection_(new Selection(this)), heat_(new Heat(this)) {
  connect(&watcher_, &QFileSystemWatcher::fileChanged, this, &Document::noticeDisk);
  quiet_.setSingleShot(true);
  quiet_.setInterval(400);
  connect(&quiet_, &QTimer::timeout, this, &Document::deriveAnew);
}

Document::~Document() {
  opening_ = nullptr;
  jobs_->cancelAll(this);
  if (journal_) journal_->remove();  // whoever closes a document was asked
}

QString Document::title() const { return QFileInfo(path_).fileName(); }

namespace {

LoadedModel load(const std::string& path, const LoadOptions& options, const JobControl& control) {
  LoadedModel loaded = load_model(path, options);
  control.setProgress(0.6);
  control.check();
  return loaded;
}

}  // namespace

void Document::open(const QString& path, const LoadOptions& options) {
  path_ = path;
  startOpening([name = path.toStdString(), options](const JobControl& control) {
    Opened opened(load(name, options, control));
    opened.foundJournal = journal_of(name);
    return opened;
  });
}

void Document::recover(const JournalContent& journal) {
  path_ = text(journal.model_path);
  startOpening([journal](const JobControl& control) {
    Opened opened(load(journal.model_path, {}, control));
    opened.recovery = recover_edits(journal, journal.model_path, opened.history, control);
    return opened;
  });
}

void Document::openModel(ModelPointer model, const QString& title) {
  path_ = title;
  startOpening([model = std::move(model)](const JobControl&) {
    LoadedModel loaded;
    loaded.model = model;
    return Opened(std::move(loaded));
  });
}

void Document::startOpening(std::function<Opened(const JobControl&)> open) {
  error_.reset();
  quiet_.stop();
  await(nullptr);
  jobs_->cancelAll(this);
  state_ = State::Loading;
  Q_EMIT stateChanged();
  follow(jobs_->start(
      this, QStringLiteral("open"), tr("Open %1").arg(title()),
      [open = std::move(open)](const JobControl& control) {
        Opened opened = open(control);
        const Graph& graph = *opened.history.current()->graph;
        opened.hierarchy = std::make_shared<Hierarchy>(find_hierarchy(graph));
        opened.index = std::make_shared<GraphIndex>(graph);
        return opened;
      },
      [this](Opened opened) { finishOpening(std::move(opened)); },
      [this](const Error& error) { fail(error); }));
}

void Document::await(Job* job) {
  opening_ = job;
  Q_EMIT openingChanged();
}

void Document::follow(Job* job) {
  await(job);
  connect(job, &Job::cancelled, this, [this, job] {
    if (opening_ == job) giveUp();
  });
  connect(job, &Job::finished, this, [this, job] {
    if (opening_ == job) await(nullptr);
  });
}

void Document::fail(const Error& error) {
  error_ = error;
  state_ = State::Failed;
  Q_EMIT stateChanged();
}

void Document::cancelOpening() {
  if (opening_) opening_->cancel();
}

void Document::giveUp() {
  await(nullptr);
  if (state_ == State::Ready && layout_) {
    open_ = shownOpen_;
    constantsAreShown_ = shownConstants_;
    return;
  }
  state_ = State::Cancelled;
  Q_EMIT stateChanged();
}

void Document::finishOpening(Opened opened) {
  loaded_ = std::move(opened.loaded);
  history_.emplace(std::move(opened.history));
  model_ = history_->current();
  editError_.reset();
  if (journal_) journal_->remove();
  journal_.reset();
  foundJournal_ = std::move(opened.foundJournal);
  if (opened.recovery) takeRecovery(std::move(*opened.recovery));
  earlier_.clear();
  isWhole_ = true;
  watch();
  hierarchy_ = std::move(opened.hierarchy);
  index_ = std::move(opened.index);
  types_.reset();
  nested_.reset();
  cost_.reset();
  layout_.reset();
  result_.reset();
  runError_.reset();
  unsupported_.clear();
  problems_.clear();
  heat_->clear();
  prepareRunSettings();
  openFirstGroups();
  state_ = State::Ready;
  selection_->reset();
  Q_EMIT stateChanged();
  Q_EMIT historyChanged();
  inferTypes();
}

void Document::inferTypes() {
  follow(jobs_->start(
      this, QStringLiteral("types"), tr("Types and shapes of %1").arg(title()),
      [model = model()](const JobControl& control) { return infer(*model, control); },
      [this](Inference inference) {
        types_ = std::move(inference.types);
        nested_ = std::move(inference.nested);
        Q_EMIT typesChanged();
        startLayout();
        analyse();
        if (awaitsSuggestions_) suggestInputs();
      },
      [this](const Error& error) { fail(error); }));
}

void Document::analyse() {
  jobs_->start(
      this, QStringLiteral("analysis"), tr("Check %1").arg(title()),
      [model = model(), types = types_](const JobControl& control) {
        return analyse_model(*model, *types, control);
      },
      [this](Analysis analysis) {
        cost_ = std::move(analysis.cost);
        unsupported_ = std::move(analysis.unsupported);
        problems_ = std::move(analysis.problems);
        Q_EMIT analysed();
      });
}

LayoutOptions Document::layoutOptions() const {
  LayoutOptions options;
  options.open = open_;
  options.show_constants = constantsAreShown_;
  options.text_width = measuredWidths();
  return options;
}

void Document::startLayout() {
  if (!types_) return;
  await(nullptr);  // a newer layout takes its place
  follow(jobs_->start(
      this, QStringLiteral("layout"), tr("Lay out %1").arg(title()),
      [model = model(), hierarchy = hierarchy_, types = types_, index = index_,
       options = layoutOptions()](const JobControl& control) {
        LayoutOptions cancellable = options;
        cancellable.index = index.get();
        cancellable.cancelled = [token = control.token()] { return token.is_cancelled(); };
        cancellable.progress = [&control](double done) { control.setProgress(done); };
        return std::make_shared<const Layout>(layout_model(*model, *hierarchy, *types, cancellable));
      },
      [this, open = open_, constants = constantsAreShown_](std::shared_ptr<const Layout> layout) {
        layout_ = std::move(layout);
        earlier_.clear();
        shownOpen_ = open;
        shownConstants_ = constants;
        Q_EMIT layoutChanged();
      },
      [this](const Error& error) { fail(error); }));
}

void Document::openFirstGroups() { open_ = initially_open(*hierarchy_); }

void Document::setOpen(const std::string& part, bool open) {
  if (open == isOpen(part)) return;
  if (open)
    open_.insert(part);
  else
    open_.erase(part);
  startLayout();
}

void Document::reveal(const Element& element) {
  if (!hierarchy_) return;
  const std::size_t before = open_.size();
  for (const NestedGraph* place = nested_ ? nested_->find(element.graph) : nullptr; place;
       place = nested_->find(place->around))
    open_.insert(place->part);
  for (int group = groupOf(element); group > 0;) {
    const Group& around = hierarchy_->groups[static_cast<std::size_t>(group)];
    open_.insert(around.path);
    group = around.parent;
  }
  if (open_.size() != before) startLayout();
}

void Document::setConstantsShown(bool shown) {
  if (std::exchange(constantsAreShown_, shown) != shown && hierarchy_) startLayout();
}

void Document::openAllGroups() {
  if (!hierarchy_) return;
  for (const Group& group : hierarchy_->groups)
    if (group.parent >= 0) open_.insert(group.path);
  startLayout();
}

void Document::closeAllGroups() {
  if (!hierarchy_) return;
  openFirstGroups();
  startLayout();
}

void Document::setRunSettings(const RunSettings& settings) {
  runSettings_ = settings;
  Q_EMIT runSettingsChanged();
}

void Document::prepareRunSettings() {
  const std::vector<std::string> open = free_dimensions(*model());
  const auto known = remembered_run(path_);
  const auto isKnown = [&](const std::string& name) { return known->dimensions.count(name) != 0; };
  const bool fits = known && std::all_of(open.begin(), open.end(), isKnown);
  runSettings_ = fits ? *known : RunSettings{};
  if (!fits) runSettings_.inputs = default_inputs(*model(), path_.toStdString());
  const auto isGuessed = [](const auto& entry) { return entry.second.kind == InputSource::Kind::Constant; };
  const auto isFile = [](const auto& entry) { return entry.second.kind == InputSource::Kind::File; };
  const auto& sources = runSettings_.inputs;
  const bool isGiven = std::all_of(sources.begin(), sources.end(), isFile);
  awaitsSuggestions_ =
      !fits && !isGiven && (!open.empty() || std::any_of(sources.begin(), sources.end(), isGuessed));
  asksFirst_ = awaitsSuggestions_;
  isAsking_ = runsWhenSuggested_ = false;
}

void Document::suggestInputs() {
  jobs_->start(
      this, QStringLiteral("suggest"), tr("Sizes for %1").arg(title()),
      [model = model(), types = types_](const JobControl& control) {
        return suggest_inputs(*model, *types, [&control] { control.check(); });
      },
      [this](SuggestedInputs suggested) {
        awaitsSuggestions_ = false;
        take_suggestions(suggested, runSettings_);
        asksFirst_ = asksFirst_ && !(suggested.dimensions.empty() && suggested.guessed.empty());
        Q_EMIT runSettingsSuggested();
        if (runsWhenSuggested_) run();
      });
}

void Document::requestRun() {
  if (state_ != State::Ready) return;
  if (isRunning()) return cancelRun();
  if (asksFirst_) {
    asksFirst_ = false;
    isAsking_ = true;
    Q_EMIT runSettingsWanted();
  } else if (awaitsSuggestions_) {
    runsWhenSuggested_ = true;
  } else {
    run();
  }
}

Job* Document::run() {
  runError_.reset();
  asksFirst_ = isAsking_ = runsWhenSuggested_ = false;
  Job* job = jobs_->start(
      this, QStringLiteral("run"), tr("Run %1").arg(title()),
      [model = model(), name = title().toStdString(), settings = runSettings_](const JobControl& control) {
        return std::make_shared<const RunResult>(run_model(model, name, settings, control));
      },
      [this](std::shared_ptr<const RunResult> result) {
        keepResult(std::move(result));
        remember_run(path_, result_->settings);
      },
      [this](const Error& error) { runError_ = error; });
  connect(job, &Job::finished, this, &Document::runChanged);
  Q_EMIT runChanged();
  return job;
}

void Document::takeResult(std::shared_ptr<const RunResult> result) {
  runError_.reset();
  keepResult(std::move(result));
  Q_EMIT runChanged();
}

void Document::keepResult(std::shared_ptr<const RunResult> result) {
  result_ = std::move(result);
  heat_->setValues(result_->summary.node_ms, QStringLiteral("ms"));
}

bool Document::isRunning() const { return jobs_->running(this, QStringLiteral("run")) != nullptr; }

void Document::cancelRun() {
  if (Job* job = jobs_->running(this, QStringLiteral("run"))) job->cancel();
}

}  // namespace lapidary::ui
