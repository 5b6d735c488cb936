#include "ui/changes/optimize_page.h"

#include <QButtonGroup>
#include <QGridLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QRadioButton>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <map>

#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

constexpr PassLevel levels[] = {PassLevel::Basic, PassLevel::Extended, PassLevel::All};

QLabel* label(const QString& text, const char* role) {
  auto* made = new QLabel(text);
  made->setProperty("role", QLatin1String(role));
  return made;
}

/// "− 62 %"; empty where nothing is saved.
QString saved(double before, double after) {
  const double share = before > 0 ? (after - before) / before : 0;
  if (std::abs(share) < 0.0005) return {};
  return (share < 0 ? QStringLiteral("− ") : QStringLiteral("+ ")) + percent(std::abs(share));
}

}  // namespace

OptimizePage::OptimizePage(Document* document, QWidget* parent)
    : OverPage(parent),
      document_(document),
      jobs_(document->jobs()),
      result_(new Document(document->theme(), document->jobs(), this)),
      view_(new ChangeView(document, result_)),
      levels_(new QButtonGroup(this)),
      rewrites_(new QTreeWidget),
      figures_(new QGridLayout),
      status_(new QLabel),
      accept_(new QPushButton(tr("Accept"))),
      prove_(new QPushButton(tr("Prove"))),
      measure_(new QPushButton(tr("Measure"))) {
  view_->setTitles(tr("Now"), tr("Optimized"));
  place(makeControls(), view_);
  later_.setSingleShot(true);
  later_.setInterval(150);
  connect(&later_, &QTimer::timeout, this, [this] { start(); });
  // An undo behind this page, or an edit, gives another model to optimize.
  connect(document, &Document::stateChanged, this, [this] { start(); });
  start();
}

// The document may be gone before its page.
OptimizePage::~OptimizePage() { jobs_->cancelAll(this); }

QWidget* OptimizePage::makeControls() {
  auto* controls = new QWidget;
  auto* column = new QVBoxLayout(controls);
  column->setContentsMargins(16, 12, 16, 12);
  column->setSpacing(8);
  column->addWidget(label(tr("Optimize"), "title"));
  column->addWidget(makeLevels());
  column->addSpacing(4);
  column->addLayout(figures_);
  figures_->setHorizontalSpacing(12);
  figures_->setVerticalSpacing(4);
  figures_->setColumnStretch(0, 1);
  status_->setWordWrap(true);
  status_->setProperty("role", QStringLiteral("weak"));
  status_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  column->addWidget(status_);
  column->addSpacing(4);
  column->addWidget(label(tr("Rewrites"), "section"));
  rewrites_->setHeaderHidden(true);
  rewrites_->setFrameShape(QFrame::NoFrame);
  rewrites_->setUniformRowHeights(true);
  rewrites_->setAccessibleName(tr("Rewrites"));
  rewrites_->setColumnCount(2);
  rewrites_->header()->setStretchLastSection(false);
  rewrites_->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  rewrites_->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
  connect(rewrites_, &QTreeWidget::itemChanged, this, &OptimizePage::readRewrites);
  connect(rewrites_, &QTreeWidget::currentItemChanged, this, [this](QTreeWidgetItem* item) {
    if (!item || !item->parent()) return;
    if (const auto node = document_->nodeNamed(item->text(0).toStdString())) {
      document_->reveal(*node);
      document_->selection()->select(*node);
    }
  });
  column->addWidget(rewrites_, 1);
  column->addWidget(makeButtons());
  return controls;
}

QWidget* OptimizePage::makeLevels() {
  auto* box = new QWidget;
  auto* column = new QVBoxLayout(box);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(2);
  for (const PassLevel level : levels) {
    auto* button = new QRadioButton(described(level));
    button->setChecked(level == choice_.level);
    levels_->addButton(button, static_cast<int>(level));
    column->addWidget(button);
  }
  connect(levels_, &QButtonGroup::idClicked, this, [this](int id) { setLevel(static_cast<PassLevel>(id)); });
  return box;
}

QString OptimizePage::described(PassLevel level) const {
  switch (level) {
    case PassLevel::Basic:
      return tr("Basic: every output bit for bit");
    case PassLevel::Extended:
      return tr("Extended: reorders arithmetic");
    case PassLevel::All:
      break;
  }
  return tr("All: also writes larger operators");
}

QWidget* OptimizePage::makeButtons() {
  auto* box = new QWidget;
  auto* grid = new QGridLayout(box);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setSpacing(8);
  accept_->setProperty("role", QStringLiteral("accent"));
  accept_->setObjectName(QStringLiteral("accept"));
  prove_->setToolTip(tr("Run both on made-up inputs, and leave out what changes the results"));
  measure_->setToolTip(tr("Time a run of both in turns, with the inputs of the Run panel"));
  auto* cancel = new QPushButton(tr("Cancel"));
  grid->addWidget(prove_, 0, 0);
  grid->addWidget(measure_, 0, 1);
  grid->addWidget(cancel, 1, 0);
  grid->addWidget(accept_, 1, 1);
  connect(accept_, &QPushButton::clicked, this, &OptimizePage::accept);
  connect(prove_, &QPushButton::clicked, this, &OptimizePage::prove);
  connect(measure_, &QPushButton::clicked, this, &OptimizePage::measure);
  connect(cancel, &QPushButton::clicked, this, &OptimizePage::closeWanted);
  return box;
}

void OptimizePage::setLevel(PassLevel level) {
  choice_.level = level;
  levels_->button(static_cast<int>(level))->setChecked(true);
  start();
}

void OptimizePage::start(bool proven) {
  later_.stop();
  if (!document_->canEdit()) return;
  message_ = proven ? tr("Running both models…") : tr("Optimizing…");
  if (measuring_) measuring_->cancel();
  job_ = jobs_->start(
      this, QStringLiteral("optimize"),
      (proven ? tr("Prove the optimized %1") : tr("Optimize %1")).arg(document_->title()),
      [model = document_->history()->current(), choice = choice_, proven](const JobControl& control) {
        Proposal proposal = proven ? propose_proven(model, choice, control) : propose(model, choice, control);
        NodeChanges changes =
            node_changes(difference_between(*model, *proposal.model), *model, *proposal.model);
        return std::make_pair(std::move(proposal), std::move(changes));
      },
      [this](std::pair<Proposal, NodeChanges> made) { take(std::move(made.first), std::move(made.second)); },
      [this](const Error& error) { fail(error); });
  showFigures();
  Q_EMIT changed();
}

void OptimizePage::take(Proposal proposal, NodeChanges changes) {
  message_.clear();
  beforeMs_ = afterMs_ = 0;
  choice_ = proposal.choice;
  proposal_ = std::make_unique<Proposal>(std::move(proposal));
  result_->openModel(proposal_->model, tr("Optimized %1").arg(document_->title()));
  view_->setChanges(std::move(changes));
  listRewrites();
  showFigures();
  Q_EMIT changed();
}

void OptimizePage::fail(const Error& error) {
  message_ = text(error.what());
  showFigures();
  Q_EMIT changed();
}

void OptimizePage::listRewrites() {
  const QSignalBlocker quiet(rewrites_);
  rewrites_->clear();
  std::map<std::string, std::vector<std::pair<std::string, bool>>> byPass;
  for (const Rewrite& rewrite : proposal_->rewrites) byPass[rewrite.pass].emplace_back(rewrite.node, true);
  for (const Rewrite& rewrite : choice_.leftOut) byPass[rewrite.pass].emplace_back(rewrite.node, false);
  for (const Pass& pass : passes()) {
    const auto found = byPass.find(pass.name);
    const bool isSkipped = choice_.skipped.contains(pass.name);
    if (found == byPass.end() && !isSkipped) continue;
    auto* row = new QTreeWidgetItem(rewrites_);
    row->setText(0, text(pass.name).replace(QLatin1Char('_'), QLatin1Char(' ')));
    row->setToolTip(0, text(pass.description));
    row->setData(0, Qt::UserRole, text(pass.name));
    row->setFlags(row->flags() | Qt::ItemIsUserCheckable);
    row->setCheckState(0, isSkipped ? Qt::Unchecked : Qt::Checked);
    if (isSkipped) continue;
    row->setText(1, count(static_cast<double>(found->second.size())));
    for (const auto& [node, isMade] : found->second) {
      auto* line = new QTreeWidgetItem(row);
      line->setText(0, text(node));
      line->setToolTip(0, text(node));
      line->setCheckState(0, isMade ? Qt::Checked : Qt::Unchecked);
    }
  }
}

void OptimizePage::readRewrites() {
  OptimizeChoice chosen;
  chosen.level = choice_.level;
  for (int i = 0; i < rewrites_->topLevelItemCount(); ++i) {
    const QTreeWidgetItem* row = rewrites_->topLevelItem(i);
    const std::string pass = row->data(0, Qt::UserRole).toString().toStdString();
    if (row->checkState(0) == Qt::Unchecked) chosen.skipped.insert(pass);
    for (int k = 0; k < row->childCount(); ++k)
      if (row->child(k)->checkState(0) == Qt::Unchecked)
        chosen.leftOut.insert({pass, row->child(k)->text(0).toStdString()});
  }
  choice_ = std::move(chosen);
  later_.start();
}

void OptimizePage::showFigures() {
  while (QLayoutItem* item = figures_->takeAt(0)) {
    delete item->widget();
    delete item;
  }
  const bool isReady = proposal_ && message_.isEmpty();
  for (QPushButton* button : {accept_, prove_, measure_}) button->setEnabled(isReady);
  status_->setText(!message_.isEmpty() ? message_
                   : !proposal_        ? QString()
                   : !proposal_->proof.isEmpty()
                       ? proposal_->proof
                       : text(proposal_->notes.empty() ? std::string() : proposal_->notes.front()));
  status_->setVisible(!status_->text().isEmpty());
  if (!proposal_) return;
  auto add = [this, row = 0](const QString& what, const QString& before, const QString& after,
                             const QString& difference) mutable {
    figures_->addWidget(label(what, "weak"), row, 0);
    auto* figure = new QLabel(transition(before, after));
    figure->setMinimumWidth(figure->sizeHint().width());
    figure->setAlignment(Qt::AlignRight);
    figures_->addWidget(figure, row, 1);
    auto* share = label(difference, "weak");
    share->setAlignment(Qt::AlignRight);
    share->setMinimumWidth(share->sizeHint().width());
    figures_->addWidget(share, row++, 2);
  };
  const ModelFigures &was = proposal_->before, &is = proposal_->after;
  const auto real = [](auto value) { return static_cast<double>(value); };
  add(tr("Nodes"), count(real(was.nodes)), count(real(is.nodes)), saved(real(was.nodes), real(is.nodes)));
  add(tr("Arithmetic"), flops(was.flops), flops(is.flops), saved(was.flops, is.flops));
  add(tr("Weights"), bytes(real(was.parameterBytes)), bytes(real(is.parameterBytes)),
      saved(real(was.parameterBytes), real(is.parameterBytes)));
  add(tr("Peak memory"), bytes(real(was.peakBytes)), bytes(real(is.peakBytes)),
      saved(real(was.peakBytes), real(is.peakBytes)));
  if (afterMs_ > 0)
    add(tr("A run"), milliseconds(beforeMs_), milliseconds(afterMs_), saved(beforeMs_, afterMs_));
}

void OptimizePage::prove() { start(true); }

void OptimizePage::measure() {
  if (!proposal_) return;
  message_ = tr("Measuring…");
  measuring_ = jobs_->start(
      this, QStringLiteral("measure"), tr("Time the optimized %1").arg(document_->title()),
      [before = proposal_->original, after = proposal_->model, settings = document_->runSettings()](
          const JobControl& control) { return measure_in_turns(before, after, settings, control); },
      [this](std::pair<double, double> times) {
        message_.clear();
        beforeMs_ = times.first;
        afterMs_ = times.second;
        showFigures();
        Q_EMIT changed();
      },
      [this](const Error& error) { fail(error); });
  showFigures();
}

void OptimizePage::accept() {
  if (!proposal_ || !message_.isEmpty() || proposal_->original != document_->history()->current()) return;
  const std::unique_ptr<Proposal> accepted = std::move(proposal_);
  disconnect(document_, nullptr, this, nullptr);
  if (accepted->model != accepted->original)
    document_->take(step_of(accepted->choice), tr("Optimize"), accepted->model);
  Q_EMIT closeWanted();
}

}  // namespace lapidary::ui
