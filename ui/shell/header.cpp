#include "ui/shell/header.h"

#include <QHBoxLayout>
#include <QMenu>
#include <QPushButton>
#include <QTabBar>
#include <QThread>
#include <QToolButton>

#include "engine/backends.h"
#include "ui/document/format.h"
#include "ui/shell/find_box.h"

namespace lapidary::ui {

namespace {

QString backendTitle(const std::string& name) {
  return name == "cpu" ? QStringLiteral("CPU") : text(name).left(1).toUpper() + text(name).mid(1);
}

QString threadsText(int threads) {
  return threads == 0   ? Header::tr("all cores")
         : threads == 1 ? Header::tr("1 thread")
                        : Header::tr("%1 threads").arg(threads);
}

}  // namespace

Header::Header(Theme* theme, QWidget* parent)
    : QWidget(parent),
      theme_(theme),
      tabs_(new QTabBar),
      plus_(new QToolButton),
      menuButton_(new QToolButton),
      find_(new FindBox(theme)),
      mainMenu_(new QMenu(this)),
      backends_(new QMenu(this)),
      backend_(new QPushButton),
      run_(new QPushButton(tr("Run"))),
      optimize_(new QPushButton(tr("Optimize"))),
      runSettings_(new QToolButton) {
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(8, 0, 12, 0);
  row->setSpacing(8);
  find_->setFixedWidth(340);
  // Both sides get the same share, so the find box stands in the window's middle while there is room.
  row->addWidget(makeLeft(), 1);
  row->addWidget(find_);
  row->addWidget(makeRight(), 1);
  setFixedHeight(43);
  connect(theme, &Theme::changed, this, &Header::updateIcons);
  updateIcons();
  updateRun();
}

QWidget* Header::makeLeft() {
  auto* side = new QWidget;
  auto* row = new QHBoxLayout(side);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(4);
  menuButton_->setMenu(mainMenu_);
  menuButton_->setPopupMode(QToolButton::InstantPopup);
  menuButton_->setToolTip(tr("Menu"));
  menuButton_->setAccessibleName(tr("Menu"));
  tabs_->setObjectName(QStringLiteral("documents"));
  tabs_->setTabsClosable(true);
  tabs_->setMovable(true);
  tabs_->setExpanding(false);
  tabs_->setElideMode(Qt::ElideMiddle);
  tabs_->setUsesScrollButtons(true);
  tabs_->setAccessibleName(tr("Open models"));
  plus_->setToolTip(tr("Open model"));
  plus_->setAccessibleName(tr("Open model"));
  for (QToolButton* button : {menuButton_, plus_})
    button->setFixedSize(28, 28), button->setFocusPolicy(Qt::TabFocus);
  row->addWidget(menuButton_);
  row->addWidget(tabs_);
  row->addWidget(plus_);
  row->addStretch(1);
  return side;
}

QWidget* Header::makeRight() {
  auto* side = new QWidget;
  auto* row = new QHBoxLayout(side);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(8);
  backends_->setTitle(tr("Backend and threads"));
  backends_->setToolTipsVisible(true);
  backend_->setMenu(backends_);
  backend_->setToolTip(tr("Backend and threads"));
  backend_->setAccessibleName(tr("Backend and threads"));
  backend_->setMinimumWidth(152);
  backend_->setObjectName(QStringLiteral("backend"));
  run_->setProperty("role", QStringLiteral("accent"));
  run_->setMinimumWidth(80);
  runSettings_->setToolTip(tr("Run settings: inputs, dimensions, repeats"));
  runSettings_->setAccessibleName(tr("Run settings"));
  runSettings_->setFixedSize(28, 28);
  optimize_->setToolTip(tr("Make the model smaller and faster, with a look at what changes (Ctrl+Shift+O)"));
  row->addStretch(1);
  row->addWidget(backend_);
  row->addWidget(run_);
  row->addWidget(runSettings_);
  row->addWidget(optimize_);
  // Asking for the backends looks at the processor; that waits until someone wants to choose.
  connect(backends_, &QMenu::aboutToShow, this, &Header::fillBackends);
  connect(run_, &QPushButton::clicked, this, &Header::runWanted);
  connect(runSettings_, &QToolButton::clicked, this, &Header::runSettingsWanted);
  connect(optimize_, &QPushButton::clicked, this, &Header::optimizeWanted);
  return side;
}

void Header::setDocument(Document* document) {
  if (document_) disconnect(document_, nullptr, this, nullptr);
  document_ = document;
  find_->setDocument(document);
  if (document) {
    connect(document, &Document::runChanged, this, &Header::updateRun);
    connect(document, &Document::stateChanged, this, &Header::updateRun);
    connect(document, &Document::runSettingsChanged, this, &Header::updateRun);
  }
  updateRun();
}

void Header::fillBackends() {
  backends_->clear();
  if (!document_) return;
  const RunSettings& settings = document_->runSettings();
  for (const Backend& backend : backends()) {
    const Availability availability = backend.availability ? backend.availability() : Availability{};
    QAction* action = backends_->addAction(backendTitle(backend.name));
    action->setCheckable(true);
    action->setChecked(backend.name == settings.backend);
    action->setEnabled(availability.available);
    action->setToolTip(text(availability.available ? backend.device : availability.reason));
    connect(action, &QAction::triggered, this, [this, name = backend.name] {
      if (document_) chooseBackend(name, document_->runSettings().threads);
    });
  }
  backends_->addSeparator();
  for (int threads = 0; threads <= QThread::idealThreadCount(); threads = threads == 0 ? 1 : threads * 2) {
    QAction* action = backends_->addAction(threadsText(threads));
    action->setCheckable(true);
    action->setChecked(threads == settings.threads);
    connect(action, &QAction::triggered, this, [this, threads] {
      if (document_) chooseBackend(document_->runSettings().backend, threads);
    });
  }
}

void Header::chooseBackend(const std::string& backend, int threads) {
  RunSettings settings = document_->runSettings();
  settings.backend = backend;
  settings.threads = threads;
  document_->setRunSettings(settings);
}

void Header::updateRun() {
  tabs_->setVisible(tabs_->count() > 0);
  const bool ready = document_ && document_->state() == Document::State::Ready;
  const bool running = document_ && document_->isRunning();
  run_->setEnabled(ready);
  run_->setText(running ? tr("Stop") : tr("Run"));
  run_->setToolTip(running ? tr("Stop the run") : tr("Run the model (Ctrl+R)"));
  runSettings_->setEnabled(ready);
  optimize_->setEnabled(ready);
  backend_->setEnabled(document_ != nullptr);
  const RunSettings settings = document_ ? document_->runSettings() : RunSettings{};
  const QString threads = threadsText(settings.threads);
  backend_->setText(tr("%1 · %2").arg(backendTitle(settings.backend), threads));
  updateIcons();
}

void Header::updateIcons() {
  const bool running = document_ && document_->isRunning();
  run_->setIcon(theme_->icon(running ? QStringLiteral("stop") : QStringLiteral("run"),
                             run_->isEnabled() ? theme_->colors().accentText : theme_->colors().weakText));
  menuButton_->setIcon(theme_->icon(QStringLiteral("menu")));
  plus_->setIcon(theme_->icon(QStringLiteral("plus"), theme_->colors().weakText));
  runSettings_->setIcon(theme_->icon(QStringLiteral("settings")));
}

}  // namespace lapidary::ui
