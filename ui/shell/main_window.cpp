#include "ui/shell/main_window.h"

#include <QCoreApplication>
#include <QDir>
#include <QDirIterator>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QLabel>
#include <QLayout>
#include <QMimeData>
#include <QSettings>
#include <QStackedWidget>
#include <QStatusBar>
#include <QTabBar>
#include <QToolBar>
#include <QToolButton>

#include "ui/canvas/canvas.h"
#include "ui/compare/compare_panel.h"
#include "ui/document/format.h"
#include "ui/document/imported_run.h"
#include "ui/document/recovery.h"
#include "ui/inspector/inspector.h"
#include "ui/inspector/outputs_panel.h"
#include "ui/inspector/run_panel.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/commands.h"
#include "ui/shell/document_page.h"
#include "ui/shell/find_box.h"
#include "ui/shell/header.h"
#include "ui/shell/history_panel.h"
#include "ui/shell/jobs_panel.h"
#include "ui/shell/list_palette.h"
#include "ui/shell/operator_palette.h"
#include "ui/shell/outline_panel.h"
#include "ui/shell/panel_dock.h"
#include "ui/shell/problems_panel.h"
#include "ui/shell/recent_files.h"
#include "ui/shell/start_page.h"
#include "ui/timeline/operators_panel.h"
#include "ui/timeline/roofline_view.h"
#include "ui/timeline/run_choice.h"
#include "ui/timeline/timeline_panel.h"

namespace lapidary::ui {

namespace {

constexpr int leftWidth = 232, rightWidth = 288;

}  // namespace

QString samplePath() {
  const QDir binaries(QCoreApplication::applicationDirPath());
  // Installed, and inside the build tree.
  for (const char* folder : {"../share/lapidary/samples", "../../../resources/samples"}) {
    QDirIterator models(binaries.filePath(QLatin1String(folder)), {QStringLiteral("*.onnx")}, QDir::Files,
                        QDirIterator::Subdirectories);
    if (models.hasNext()) return QDir::cleanPath(models.next());
  }
  return {};
}

MainWindow::MainWindow(Theme* theme, QWidget* parent)
    : QMainWindow(parent),
      theme_(theme),
      jobs_(new JobList(this)),
      commands_(new Commands(this)),
      palette_(new CommandPalette(commands_, this)),
      operators_(new OperatorPalette(this)),
      list_(new ListPalette(this)),
      header_(new Header(theme)),
      pages_(new QStackedWidget),
      start_(new StartPage(theme)),
      modelLine_(new QLabel),
      selectionLine_(new QLabel) {
  setWindowTitle(tr("Lapidary"));
  setAcceptDrops(true);
  setDockOptions(AnimatedDocks | AllowNestedDocks | AllowTabbedDocks);
  setCorner(Qt::BottomLeftCorner, Qt::BottomDockWidgetArea);
  setCorner(Qt::BottomRightCorner, Qt::BottomDockWidgetArea);
  auto* bar = new QToolBar(tr("Header"));
  bar->setObjectName(QStringLiteral("header"));
  bar->setMovable(false);
  bar->setContextMenuPolicy(Qt::PreventContextMenu);
  bar->addWidget(header_);
  bar->setFixedHeight(44);
  bar->layout()->setContentsMargins(0, 0, 0, 0);
  addToolBar(bar);
  setCentralWidget(pages_);
  pages_->addWidget(start_);
  pages_->setFocusPolicy(Qt::StrongFocus);
  pages_->setAccessibleName(tr("Models"));
  pages_->setFocus();
  statusBar()->setFixedHeight(24);
  statusBar()->setSizeGripEnabled(false);
  statusBar()->setContentsMargins(8, 0, 8, 0);
  statusBar()->addWidget(modelLine_, 1);
  statusBar()->addPermanentWidget(selectionLine_);
  const QSettings settings;
  leftWanted_ = settings.value(QStringLiteral("view/left"), true).toBool();
  rightWanted_ = settings.value(QStringLiteral("view/right"), true).toBool();
  bottomWanted_ = settings.value(QStringLiteral("view/bottom"), false).toBool();
  makePanels();
  makeMenus();

  connect(start_, &StartPage::openWanted, this, &MainWindow::openDialog);
  connect(start_, &StartPage::sampleWanted, this, &MainWindow::openSample);
  connect(start_, &StartPage::fileWanted, this, [this](const QString& path) { openFiles({path}); });
  connect(start_, &StartPage::recoveryWanted, this,
          [this](const JournalContent& journal) { recover(journal); });
  connect(header_->plus(), &QToolButton::clicked, this, &MainWindow::openDialog);
  connect(header_, &Header::runWanted, this, &MainWindow::runModel);
  connect(header_, &Header::optimizeWanted, this, &MainWindow::optimizeModel);
  connect(header_, &Header::runSettingsWanted, this, &MainWindow::showRunSettings);
  QTabBar* tabs = header_->tabs();
  connect(tabs, &QTabBar::currentChanged, this, &MainWindow::showCurrent);
  connect(tabs, &QTabBar::tabCloseRequested, this, &MainWindow::closeTab);
  connect(tabs, &QTabBar::tabMoved, this, [this](int from, int to) {
    QWidget* moved = pages_->widget(from + 1);
    pages_->removeWidget(moved);
    pages_->insertWidget(to + 1, moved);
  });
  connect(jobs_, &JobList::activityChanged, this, &MainWindow::showStatus);
  restoreLayout();
  showCurrent();
  findJournals();
}

void MainWindow::findJournals() {
  jobs_->start(
      start_, QStringLiteral("journals"), tr("Look for edits that were not saved"),
      [](const JobControl&) { return journals(); },
      [this](std::vector<JournalContent> found) { start_->setJournals(std::move(found)); });
}

MainWindow::~MainWindow() {
  // The panels watch documents; they go first.
  for (PanelDock* dock : {left_, right_, bottom_}) delete dock;
  delete pages_;
}

template <class Panel>
QWidget* MainWindow::followDocument(Panel* panel) {
  connect(this, &MainWindow::documentChanged, panel, [this, panel] { panel->setDocument(document()); });
  panel->setDocument(document());
  return panel;
}

void MainWindow::makePanels() {
  left_ = new PanelDock(QStringLiteral("left"), tr("Model"), this);
  left_->addPage(tr("Outline"), [this] { return followDocument(new OutlinePanel(theme_)); });
  left_->addPage(tr("Problems"), [this] { return followDocument(new ProblemsPanel(theme_)); });
  left_->addPage(tr("History"), [this] { return followDocument(new HistoryPanel(theme_)); });
  bottom_ = new PanelDock(QStringLiteral("bottom"), tr("Results"), this);
  bottom_->addPage(tr("Timeline"), [this] {
    auto* panel = new TimelinePanel(theme_);
    bottom_->addCorner(panel->runChoice(), TimelinePage);
    return followDocument(panel);
  });
  bottom_->addPage(tr("Operators"), [this] { return followDocument(new OperatorsPanel(theme_)); });
  bottom_->addPage(tr("Roofline"), [this] { return followDocument(new RooflinePanel(theme_, jobs_)); });
  bottom_->addPage(tr("Outputs"), [this] { return followDocument(new OutputsPanel(theme_, jobs_)); });
  bottom_->addPage(tr("Compare"), [this] { return followDocument(new ComparePanel(theme_)); });
  bottom_->addPage(tr("Jobs"), [this] { return new JobsPanel(theme_, jobs_); });
  connect(bottom_, &PanelDock::pageShown, this, [this] { bottomWanted_ = true; });
  right_ = new PanelDock(QStringLiteral("right"), tr("Inspector"), this);
  right_->addPage(tr("Inspector"), [this] { return followDocument(new Inspector(theme_, jobs_)); });
  right_->addPage(tr("Run"), [this] { return followDocument(new RunPanel(jobs_)); });
}

Document* MainWindow::document() const {
  const DocumentPage* current = page();
  return current ? current->document() : nullptr;
}

DocumentPage* MainWindow::page() const { return qobject_cast<DocumentPage*>(pages_->currentWidget()); }

Document* MainWindow::openFiles(const QStringList& paths) {
  for (const QString& path : paths) {
    int tab = -1;
    for (int i = 0; i < header_->tabs()->count() && tab < 0; ++i) {
      const auto* open = pageAt(i);
      if (QFileInfo(open->document()->path()) == QFileInfo(path)) tab = i;
    }
    if (tab < 0)
      addTab(path)->open(path);
    else
      header_->tabs()->setCurrentIndex(tab);
  }
  return document();
}

void MainWindow::recover(const JournalContent& journal) {
  start_->setJournals({});
  addTab(text(journal.model_path))->recover(journal);
}

Document* MainWindow::addTab(const QString& path) {
  auto* opened = new Document(theme_, jobs_);
  opened->setConstantsShown(constantsWanted_);
  opened->heat()->setShown(heatWanted_);
  auto* added = new DocumentPage(opened);
  opened->setParent(added);
  pages_->addWidget(added);
  connect(added, &DocumentPage::openWanted, this, &MainWindow::openDialog);
  connect(added, &DocumentPage::comparisonWanted, this, &MainWindow::compareModel);
  connect(added, &DocumentPage::overChanged, this, &MainWindow::showCurrent);
  connect(added, &DocumentPage::closeWanted, this, [this, added] { closeTab(pages_->indexOf(added) - 1); });
  connect(opened, &Document::stateChanged, this, [this, opened] {
    if (opened->layout()) return showStatus();  // an edit
    if (opened->state() == Document::State::Ready) RecentFiles::add(opened->path());
    if (opened == document()) showCurrent();
  });
  connect(opened, &Document::historyChanged, this, &MainWindow::showHistory);
  connect(opened, &Document::saved, this, [opened] { RecentFiles::add(opened->path()); });
  connect(added->canvas(), &Canvas::insertWanted, this, &MainWindow::insertOperator);
  connect(added->canvas(), &Canvas::addWanted, this, &MainWindow::addOperator);
  connect(added->canvas(), &Canvas::connectWanted, this, &MainWindow::connectInput);
  // The first view of the graph, as it opens: once it is painted, so that it waits for nothing.
  connect(added->canvas(), &Canvas::firstPainted, this, [this, opened] { keepThumbnail(opened); });
  connect(opened, &Document::analysed, this, &MainWindow::showStatus);
  connect(opened, &Document::analysed, this, &MainWindow::showProblemCount);
  connect(opened, &Document::runChanged, this, &MainWindow::followRun);
  connect(opened, &Document::runSettingsWanted, this, &MainWindow::showRunSettings);
  connect(opened->selection(), &Selection::changed, this, &MainWindow::showStatus);
  const int tab = header_->tabs()->addTab(QFileInfo(path).fileName());
  header_->tabs()->setTabToolTip(tab, path);
  header_->tabs()->setCurrentIndex(tab);
  showCurrent();
  return opened;
}

DocumentPage* MainWindow::pageAt(int tab) const {
  return qobject_cast<DocumentPage*>(pages_->widget(tab + 1));
}

int MainWindow::tabOf(DocumentPage* page) const { return pages_->indexOf(page) - 1; }

void MainWindow::closeTab(int index) {
  isClosing_ = false;
  if (index < 0 || index >= header_->tabs()->count() || asksBeforeClosing(index)) return;
  removeTab(index);
}

void MainWindow::removeTab(int index) {
  QWidget* closed = pages_->widget(index + 1);
  {
    const QSignalBlocker quiet(header_->tabs());
    header_->tabs()->removeTab(index);
  }
  pages_->removeWidget(closed);
  showCurrent();
  closed->deleteLater();
}

void MainWindow::showCurrent() {
  const int tab = header_->tabs()->currentIndex();
  pages_->setCurrentIndex(tab + 1);
  if (document() != shown_) {
    shown_ = document();
    if (!shown_) findJournals();
    header_->setDocument(shown_);
    Q_EMIT documentChanged();
  }
  // Panels belong to a model; without one the page has the window to itself.
  const bool hasModel = shown_ && shown_->state() != Document::State::Failed &&
                        shown_->state() != Document::State::Cancelled && !page()->over();
  left_->setVisible(hasModel && leftWanted_);
  right_->setVisible(hasModel && rightWanted_);
  bottom_->setVisible(hasModel && bottomWanted_);
  if (hasModel && shown_->layout()) page()->canvas()->setFocus();
  showHistory();
  showProblemCount();
  showStatus();
}

void MainWindow::showProblemCount() {
  const auto problems = shown_ ? shown_->problems().size() + shown_->unsupported().size() : 0;
  left_->setPageTitle(ProblemsPage, problems == 0 ? tr("Problems") : tr("Problems %1").arg(problems));
}

void MainWindow::showStatus() {
  QStringList model, right;
  if (shown_ && shown_->model()) {
    const Model& current = *shown_->model();
    const auto nodes = current.graph->nodes.size();
    model += nodes == 1 ? tr("1 operator") : tr("%1 operators").arg(nodes);
    if (const auto& cost = shown_->cost()) {
      model += tr("%1 parameters").arg(count(static_cast<double>(cost->parameters)));
      if (cost->flops > 0) model += flops(cost->flops);
    }
    model += tr("opset %1").arg(current.opset());
    const QString producer = text(current.producer_name + " " + current.producer_version).trimmed();
    if (!producer.isEmpty()) model += producer;
  }
  if (const Job* job = jobs_->firstRunning(); job && job->elapsedMilliseconds() > 200)
    right += job->progress() < 0 ? job->title()
                                 : tr("%1 %2 %").arg(job->title()).arg(qRound(job->progress() * 100));
  else if (shown_ && !shown_->selection()->isEmpty()) {
    double time = 0;
    for (const Element& element : shown_->selection()->elements()) time += shown_->millisecondsOf(element);
    right += tr("%1 selected").arg(shown_->selection()->elements().size());
    if (shown_->heat()->hasValues()) right += milliseconds(time);
  } else if (shown_ && shown_->result()) {
    right += tr("run %1").arg(milliseconds(shown_->result()->summary.total_ms));
  }
  modelLine_->setText(model.join(QStringLiteral(" · ")));
  selectionLine_->setText(right.join(QStringLiteral(" · ")));
}

void MainWindow::openDialog() {
  const QString folder = shown_ ? QFileInfo(shown_->path()).path() : QString();
  openFiles(QFileDialog::getOpenFileNames(
      this, tr("Open models"), folder,
      tr("Models (*.onnx *.onnxtxt *.textproto *.json *.gz *.zip);;All files (*)")));
}

void MainWindow::openSample() {
  const QString sample = samplePath();
  if (!sample.isEmpty()) openFiles({sample});
}

void MainWindow::runModel() {
  if (shown_) shown_->requestRun();
}

void MainWindow::showRunSettings() {
  if (!shown_) return;
  right_->showPage(RunPage);
  qobject_cast<RunPanel*>(right_->pageWidget(RunPage))->focusFirst();
}

void MainWindow::followRun() {
  showStatus();
  if (!shown_) return;
  if (shown_->isRunning() && !bottom_->isVisible()) bottom_->showPage(std::max(0, bottom_->currentPage()));
  // Other inputs may help, but not where an operator cannot run at all.
  if (shown_->runError() && !shown_->isRunning() && shown_->unsupported().empty()) right_->showPage(RunPage);
}

void MainWindow::keepThumbnail(Document* document) {
  jobs_->start(
      document, QStringLiteral("thumbnail"), tr("Small picture of %1").arg(document->title()),
      [layout = document->layout(), path = document->path(), dark = theme_->isDark()](const JobControl&) {
        RecentFiles::setThumbnail(path, draw_thumbnail(*layout, dark));
        return true;
      },
      [](bool) {});
}

void MainWindow::setThemeMode(Theme::Mode mode) {
  theme_->setMode(mode);
  QSettings().setValue(QStringLiteral("view/theme"), static_cast<int>(mode));
}

void MainWindow::arrangePanels() {
  const std::pair<PanelDock*, Qt::DockWidgetArea> places[] = {{left_, Qt::LeftDockWidgetArea},
                                                              {right_, Qt::RightDockWidgetArea},
                                                              {bottom_, Qt::BottomDockWidgetArea}};
  for (const auto& [dock, area] : places) {
    dock->setFloating(false);
    addDockWidget(area, dock);
  }
  resizeDocks({left_, right_}, {leftWidth, rightWidth}, Qt::Horizontal);
  resizeDocks({bottom_}, {height() / 3}, Qt::Vertical);
}

void MainWindow::restoreLayout() {
  QSettings settings;
  resize(1280, 800);
  arrangePanels();
  bottom_->hide();
  if (settings.contains(QStringLiteral("window/state"))) {
    restoreGeometry(settings.value(QStringLiteral("window/geometry")).toByteArray());
    restoreState(settings.value(QStringLiteral("window/state")).toByteArray());
  }
  left_->setCurrentPage(settings.value(QStringLiteral("view/leftPage"), 0).toInt());
  right_->setCurrentPage(settings.value(QStringLiteral("view/rightPage"), 0).toInt());
  bottom_->setCurrentPage(settings.value(QStringLiteral("view/bottomPage"), 0).toInt());
}

void MainWindow::saveLayout() {
  QSettings settings;
  settings.setValue(QStringLiteral("window/geometry"), saveGeometry());
  settings.setValue(QStringLiteral("window/state"), saveState());
  settings.setValue(QStringLiteral("view/left"), leftWanted_);
  settings.setValue(QStringLiteral("view/right"), rightWanted_);
  settings.setValue(QStringLiteral("view/bottom"), bottomWanted_);
  settings.setValue(QStringLiteral("view/leftPage"), left_->currentPage());
  settings.setValue(QStringLiteral("view/rightPage"), right_->currentPage());
  settings.setValue(QStringLiteral("view/bottomPage"), bottom_->currentPage());
}

void MainWindow::closeEvent(QCloseEvent* event) {
  isClosing_ = true;
  for (int tab = 0; tab < header_->tabs()->count(); ++tab)
    if (asksBeforeClosing(tab)) return event->ignore();
  saveLayout();
  QMainWindow::closeEvent(event);
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (event->mimeData()->hasUrls()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  QStringList models, tensors;
  for (const QUrl& url : event->mimeData()->urls()) {
    const QString path = url.toLocalFile();
    if (shown_ && url.isLocalFile() && is_trace_file(path))
      openTrace(path);
    else if (url.isLocalFile())
      (shown_ && is_data_file(path) ? tensors : models) += path;
  }
  event->acceptProposedAction();
  if (!models.isEmpty()) openFiles(models);
  if (tensors.isEmpty() || !shown_) return;
  showRunSettings();
  qobject_cast<RunPanel*>(right_->pageWidget(RunPage))->giveFiles(tensors);
}

}  // namespace lapidary::ui
