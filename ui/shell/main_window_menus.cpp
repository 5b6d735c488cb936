#include <QActionGroup>
#include <QApplication>
#include <QClipboard>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QMenu>
#include <QMenuBar>
#include <QSettings>
#include <QStackedWidget>
#include <QTabBar>
#include <algorithm>

#include "engine/layout/drawing.h"
#include "ui/canvas/canvas.h"
#include "ui/compare/compare_panel.h"
#include "ui/document/imported_run.h"
#include "ui/inspector/tensor_view.h"
#include "ui/shell/about.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/commands.h"
#include "ui/shell/document_page.h"
#include "ui/shell/find_box.h"
#include "ui/shell/focus_places.h"
#include "ui/shell/header.h"
#include "ui/shell/key_list.h"
#include "ui/shell/main_window.h"
#include "ui/shell/panel_dock.h"
#include "ui/shell/recent_files.h"
#include "ui/timeline/operators_panel.h"

namespace lapidary::ui {

QMenu* MainWindow::addMenu(const QString& title) {
  QMenu* menu = menuBar()->addMenu(title);
  header_->mainMenu()->addMenu(menu);
  return menu;
}

void MainWindow::makeMenus() {
  makeFileMenu();
  makeEditMenu();
  makeViewMenu();
  makeRunMenu();
  makeHelpMenu();
  menuBar()->setVisible(QSettings().value(QStringLiteral("view/menuBar"), false).toBool());
}

void MainWindow::addCanvasCommand(QMenu* menu, const QString& title, const QKeySequence& shortcut,
                                  void (Canvas::*run)()) {
  commands_->add(menu, title, shortcut, [this, run] {
    if (shown_ && shown_->layout()) (page()->canvas()->*run)();
  });
}

void MainWindow::makeFileMenu() {
  QMenu* menu = addMenu(tr("&File"));
  commands_->add(menu, tr("Open Model…"), QKeySequence::Open, [this] { openDialog(); });
  commands_->add(menu, tr("Open Sample"), {}, [this] { openSample(); });
  QMenu* recent = menu->addMenu(tr("Open Recent"));
  recent->setToolTipsVisible(true);
  connect(recent, &QMenu::aboutToShow, this, [this, recent] { fillRecent(recent); });
  menu->addSeparator();
  commands_->add(menu, tr("Save"), QKeySequence::Save, [this] { saveModel(); });
  commands_->add(menu, tr("Save As…"), Qt::CTRL | Qt::SHIFT | Qt::Key_S, [this] { saveModelAs(); });
  commands_->add(menu, tr("Export…"), Qt::CTRL | Qt::Key_E, [this] { exportModel(); });
  menu->addSeparator();
  commands_->add(menu, tr("Compare With Another Model…"), {}, [this] { compareModel(); });
  commands_->add(menu, tr("Save Picture of the Graph…"), {}, [this] { savePictureDialog(); });
  commands_->add(menu, tr("Export Numbers…"), {}, [this] { exportNumbers(); });
  commands_->add(menu, tr("Close Tab"), Qt::CTRL | Qt::Key_W,
                 [this] { closeTab(header_->tabs()->currentIndex()); });
  commands_->add(menu, tr("Quit"), Qt::CTRL | Qt::Key_Q, [this] { close(); });
}

void MainWindow::forEachPage(const std::function<void(DocumentPage&)>& visit) {
  for (int i = 0; i < pages_->count(); ++i)
    if (auto* page = qobject_cast<DocumentPage*>(pages_->widget(i))) visit(*page);
}

void MainWindow::savePictureDialog() {
  if (!shown_ || !shown_->layout()) return;
  const QFileInfo model(shown_->path());
  const QString proposed = model.dir().filePath(model.completeBaseName() + QStringLiteral(".svg"));
  const QString path = QFileDialog::getSaveFileName(
      this, tr("Save picture of the whole graph"), proposed,
      tr("Pictures (*.svg *.png *.pdf);;Graphs for other programs (*.dot *.json)"));
  if (!path.isEmpty()) savePicture(path);
}

void MainWindow::savePicture(const QString& path) {
  if (!shown_ || !shown_->layout()) return;
  const Canvas& canvas = *page()->canvas();
  const lapidary::Theme theme = theme_->isDark() ? lapidary::Theme::Dark : lapidary::Theme::Light;
  jobs_->start(
      shown_, QStringLiteral("picture"), tr("Save %1").arg(QFileInfo(path).fileName()),
      [layout = canvas.scene().layout(), heat = canvas.heat(), theme,
       file = path.toStdString()](const JobControl&) {
        draw(*layout, file, theme, heat);
        return true;
      },
      [](bool) {}, [this](const Error&) { bottom_->showPage(JobsPage); });  // says why
}

void MainWindow::fillRecent(QMenu* menu) {
  menu->clear();
  for (const QString& path : RecentFiles::paths()) {
    QAction* action = menu->addAction(QFileInfo(path).fileName(), this, [this, path] { openFiles({path}); });
    action->setToolTip(path);
    action->setIcon(QIcon(QPixmap::fromImage(RecentFiles::thumbnail(path))));
  }
}

/// Of what is selected, where that has numbers; else of what the last run gave.
void MainWindow::exportNumbers() {
  if (!shown_) return;
  for (PanelDock* dock : {right_, bottom_})
    for (TensorView* view : dock->findChildren<TensorView*>())
      if (!view->isEmpty()) return view->exportData();
  bottom_->showPage(OutputsPage);
}

void MainWindow::copyOperators() {
  if (!shown_) return;
  bottom_->showPage(OperatorsPage);
  qobject_cast<OperatorsPanel*>(bottom_->pageWidget(OperatorsPage))->copyTable();
}

void MainWindow::openTrace(QString path) {
  if (!shown_ || !shown_->model()) return;
  if (path.isEmpty())
    path = QFileDialog::getOpenFileName(this, tr("Trace of a run of this model"), {},
                                        tr("Traces (*.json *.gz *.trace);;All files (*)"));
  if (path.isEmpty()) return;
  bottom_->showPage(TimelinePage);
  jobs_->start(
      shown_, QStringLiteral("trace"), tr("Read %1").arg(QFileInfo(path).fileName()),
      [name = path.toStdString(), model = shown_->model()](const JobControl&) {
        return std::make_shared<ImportedRun>(import_run(name, *model));
      },
      [this, document = shown_](std::shared_ptr<ImportedRun> imported) {
        document->takeResult(std::shared_ptr<const RunResult>(imported, &imported->run));
        forEachPage([&](DocumentPage& page) {
          if (page.document() != document) return;
          page.ask(imported->text(), {{tr("Close"), [banner = page.banner()] { banner->hide(); }}});
        });
      },
      [this](const Error&) { bottom_->showPage(JobsPage); });  // says why
}

/// Holds the run against what the panel says.
void MainWindow::compareRuns() {
  if (!shown_ || !shown_->model()) return;
  bottom_->showPage(ComparePage);
  qobject_cast<ComparePanel*>(bottom_->pageWidget(ComparePage))->start();
}

void MainWindow::makeEditMenu() {
  QMenu* menu = addMenu(tr("&Edit"));
  addHistoryCommands(menu);
  addCanvasCommand(menu, tr("Copy"), {},
                   &Canvas::copySelection);  // lists have a use of their own for the keys
  addCanvasCommand(menu, tr("Paste"), {}, &Canvas::paste);
  addCanvasCommand(menu, tr("Copy Name"), {}, &Canvas::copyName);
  addCanvasCommand(menu, tr("Copy Shape"), {}, &Canvas::copyShape);
  commands_->add(menu, tr("Copy Operators as TSV"), {}, [this] { copyOperators(); });
  addCanvasCommand(menu, tr("Copy View as Picture"), Qt::CTRL | Qt::SHIFT | Qt::Key_C, &Canvas::copyPicture);
  addCanvasCommand(menu, tr("Extend Selection to Producers"), Qt::CTRL | Qt::Key_BracketLeft,
                   &Canvas::extendToProducers);
  addCanvasCommand(menu, tr("Extend Selection to Consumers"), Qt::CTRL | Qt::Key_BracketRight,
                   &Canvas::extendToConsumers);
  commands_->add(menu, tr("Find"), QKeySequence::Find, [this] {
    header_->find()->setFocus(Qt::ShortcutFocusReason);
    header_->find()->selectAll();
  });
  commands_->add(menu, tr("Next Result"), Qt::Key_F3, [this] { header_->find()->walk(1); });
  commands_->add(menu, tr("Previous Result"), Qt::SHIFT | Qt::Key_F3, [this] { header_->find()->walk(-1); });
  commands_->add(menu, tr("Back to Previous Selection"), Qt::Key_Escape, [this] {
    if (shown_) shown_->selection()->goBack();
  });
}

void MainWindow::makeViewMenu() {
  QMenu* menu = addMenu(tr("&View"));
  commands_->add(menu, tr("Command Palette"), Qt::CTRL | Qt::Key_K, [this] { palette_->open(); });
  menu->addSeparator();
  addCanvasCommand(menu, tr("Fit the Graph"), Qt::Key_F, &Canvas::fitAll);
  addCanvasCommand(menu, tr("Fit the Selection"), Qt::SHIFT | Qt::Key_F, &Canvas::fitSelection);
  addCanvasCommand(menu, tr("Zoom In"), QKeySequence::ZoomIn, &Canvas::zoomIn);
  addCanvasCommand(menu, tr("Zoom Out"), QKeySequence::ZoomOut, &Canvas::zoomOut);
  addCanvasCommand(menu, tr("Actual Size"), Qt::CTRL | Qt::Key_0, &Canvas::zoomToActualSize);
  addCanvasCommand(menu, tr("Go to Input"), Qt::CTRL | Qt::Key_Home, &Canvas::goToInput);
  addCanvasCommand(menu, tr("Go to Output"), Qt::CTRL | Qt::Key_End, &Canvas::goToOutput);
  menu->addSeparator();
  commands_->add(menu, tr("Open All Groups"), Qt::CTRL | Qt::SHIFT | Qt::Key_E, [this] {
    if (shown_) shown_->openAllGroups();
  });
  commands_->add(menu, tr("Close All Groups"), Qt::CTRL | Qt::SHIFT | Qt::Key_W, [this] {
    if (shown_) shown_->closeAllGroups();
  });
  commands_->addToggle(menu, tr("Constants as Nodes"), Qt::CTRL | Qt::SHIFT | Qt::Key_N, false,
                       [this](bool on) {
                         constantsWanted_ = on;
                         forEachPage([on](DocumentPage& page) { page.document()->setConstantsShown(on); });
                       });
  menu->addSeparator();
  commands_->addToggle(menu, tr("Time as Heat"), Qt::Key_H, true, [this](bool on) {
    heatWanted_ = on;
    forEachPage([on](DocumentPage& page) { page.document()->heat()->setShown(on); });
  });
  menu->addSeparator();
  addPanelCommands(menu);
  for (int panel = 0; panel < bottom_->pageCount(); ++panel)
    commands_->add(menu, tr("Show %1").arg(bottom_->pageTitle(panel)), QKeySequence(Qt::Key_1 + panel),
                   [this, panel] {
                     if (shown_) bottom_->showPage(panel);
                   });
  const std::pair<PanelDock*, int> sidePages[] = {
      {left_, OutlinePage}, {left_, ProblemsPage}, {left_, HistoryPage}, {right_, InspectorPage}};
  for (const auto& [dock, page] : sidePages)
    commands_->add(menu, tr("Show %1").arg(dock->pageTitle(page)), {}, [this, panel = dock, shown = page] {
      if (shown_) panel->showPage(shown);
    });
  menu->addSeparator();
  addThemeCommands(menu);
  commands_->addToggle(menu, tr("Menu Bar"), Qt::CTRL | Qt::Key_M,
                       QSettings().value(QStringLiteral("view/menuBar"), false).toBool(), [this](bool on) {
                         menuBar()->setVisible(on);
                         QSettings().setValue(QStringLiteral("view/menuBar"), on);
                       });
  menu->addSeparator();
  const auto turn = [this](int step) {
    QTabBar* tabs = header_->tabs();
    if (tabs->count() > 0)
      tabs->setCurrentIndex((tabs->currentIndex() + step + tabs->count()) % tabs->count());
  };
  commands_->add(menu, tr("Next Tab"), Qt::CTRL | Qt::Key_Tab, [turn] { turn(1); });
  commands_->add(menu, tr("Previous Tab"), Qt::CTRL | Qt::SHIFT | Qt::Key_Tab, [turn] { turn(-1); });
}

void MainWindow::addPanelCommands(QMenu* menu) {
  leftShown_ =
      commands_->addToggle(menu, tr("Left Panel"), Qt::CTRL | Qt::Key_1, leftWanted_, [this](bool on) {
        leftWanted_ = on;
        showCurrent();
      });
  rightShown_ =
      commands_->addToggle(menu, tr("Right Panel"), Qt::CTRL | Qt::Key_2, rightWanted_, [this](bool on) {
        rightWanted_ = on;
        showCurrent();
      });
  // A command that shows one of their pages shows them for good.
  connect(left_, &PanelDock::pageShown, leftShown_, [this] { leftShown_->setChecked(true); });
  connect(right_, &PanelDock::pageShown, rightShown_, [this] { rightShown_->setChecked(true); });
  commands_->add(menu, tr("Bottom Panel"), Qt::CTRL | Qt::Key_3, [this] {
    bottomWanted_ = !bottom_->isVisible();
    showCurrent();
  });
  const std::pair<QString, PanelDock*> docks[] = {{tr("Float Left Panel"), left_},
                                                  {tr("Float Right Panel"), right_},
                                                  {tr("Float Bottom Panel"), bottom_}};
  for (const auto& [title, dock] : docks) {
    QAction* action = commands_->addToggle(menu, title, {}, false, [this, panel = dock](bool on) {
      if (panel->isFloating() != on) panel->setFloating(on);
      if (on && shown_) panel->showPage(std::max(0, panel->currentPage()));
    });
    connect(dock, &QDockWidget::topLevelChanged, action, &QAction::setChecked);
  }
  commands_->add(menu, tr("Restore Layout"), {}, [this] {
    arrangePanels();
    bottomWanted_ = false;
    leftShown_->setChecked(true);
    rightShown_->setChecked(true);
    showCurrent();
  });
  commands_->add(menu, tr("Next Place"), Qt::Key_F6, [this] { focusPlace(1); });
  commands_->add(menu, tr("Previous Place"), Qt::SHIFT | Qt::Key_F6, [this] { focusPlace(-1); });
}

void MainWindow::focusPlace(int step) {
  QList<QWidget*> places{header_, left_->currentWidget(), pages_->currentWidget(), right_->currentWidget(),
                         bottom_->currentWidget()};
  places.removeAll(nullptr);
  focus_place(places, step);
}

/// The menu of a right click on a panel's title.
QMenu* MainWindow::createPopupMenu() {
  auto* menu = new QMenu(this);
  for (QAction* action : commands_->all())
    if (action->text().endsWith(tr("Panel")) || action->text() == tr("Restore Layout"))
      menu->addAction(action);
  return menu;
}

void MainWindow::addThemeCommands(QMenu* menu) {
  auto* modes = new QActionGroup(this);
  const std::pair<QString, Theme::Mode> names[] = {{tr("Theme of the System"), Theme::Mode::System},
                                                   {tr("Light Theme"), Theme::Mode::Light},
                                                   {tr("Dark Theme"), Theme::Mode::Dark}};
  for (const auto& [name, mode] : names) {
    QAction* action = commands_->add(menu, name, {}, [this, chosen = mode] { setThemeMode(chosen); });
    action->setCheckable(true);
    action->setChecked(theme_->mode() == mode);
    modes->addAction(action);
  }
}

void MainWindow::makeRunMenu() {
  QMenu* menu = addMenu(tr("&Run"));
  commands_->add(menu, tr("Run Model"), Qt::CTRL | Qt::Key_R, [this] { runModel(); });
  commands_->add(menu, tr("Run Settings"), Qt::CTRL | Qt::SHIFT | Qt::Key_R, [this] { showRunSettings(); });
  commands_->add(menu, tr("Stop"), Qt::CTRL | Qt::Key_Period, [this] {
    if (shown_) shown_->cancelRun();
  });
  menu->addSeparator();
  commands_->add(menu, tr("Open Trace…"), {}, [this] { openTrace(); });
  commands_->add(menu, tr("Compare Runs"), Qt::CTRL | Qt::SHIFT | Qt::Key_D, [this] { compareRuns(); });
  commands_->add(menu, tr("Next Tensor That Is Off"), Qt::Key_F4, [this] {
    if (auto* panel = qobject_cast<ComparePanel*>(bottom_->pageWidget(ComparePage))) panel->showNextOff();
  });
  commands_->add(menu, tr("Optimize…"), Qt::CTRL | Qt::SHIFT | Qt::Key_O, [this] { optimizeModel(); });
  commands_->add(menu, tr("Clear Finished Jobs"), {}, [this] { jobs_->clearEnded(); });
}

void MainWindow::makeHelpMenu() {
  QMenu* menu = addMenu(tr("&Help"));
  commands_->add(menu, tr("Keys"), Qt::Key_Question, [this] { show_keys(commands_, this); });
  commands_->add(menu, tr("About Lapidary"), {}, [this] { show_about(this); });
}

}  // namespace lapidary::ui
