#pragma once

#include <QMainWindow>
#include <functional>
#include <vector>

#include "ui/document/document.h"

class QAction;
class QLabel;
class QMenu;
class QStackedWidget;

namespace lapidary::ui {

class Canvas;
class CommandPalette;
class Commands;
class DocumentPage;
class Header;
class ListPalette;
class OperatorPalette;
class OverPage;
class PanelDock;
class StartPage;
struct Port;

/// The window: header, outline and problems left, canvas in the middle, inspector right, results below,
/// status line. Holds one document a tab; all panels show the current one.
class MainWindow : public QMainWindow {
  Q_OBJECT

 public:
  explicit MainWindow(Theme* theme, QWidget* parent = nullptr);
  ~MainWindow() override;

  /// Opens each file in a tab of its own; one that is open already comes to the front. Returns the last one's
  /// document.
  Document* openFiles(const QStringList& paths);
  /// nullptr while no model is open.
  Document* document() const;
  DocumentPage* page() const;
  Commands* commands() const { return commands_; }
  Header* header() const { return header_; }
  PanelDock* left() const { return left_; }
  PanelDock* right() const { return right_; }
  PanelDock* bottom() const { return bottom_; }
  JobList* jobs() const { return jobs_; }

  /// Pages of the docks, in tab order.
  enum LeftPage { OutlinePage, ProblemsPage, HistoryPage };
  enum RightPage { InspectorPage, RunPage };
  enum BottomPage { TimelinePage, OperatorsPage, RooflinePage, OutputsPage, ComparePage, JobsPage };

 public Q_SLOTS:
  void openDialog();
  void openSample();
  /// Closes it, but asks first where it has changes that are not saved.
  void closeTab(int index);
  void saveModel();
  void saveModelAs();
  /// Lets choose an operator that goes behind what is selected.
  void insertOperator();
  /// Lets choose an operator that is put there: of those that fit the port, connected with it.
  void addOperator(QPointF place, const std::optional<Port>& port);
  /// Lets choose an input of the node that is selected, and the tensor that it reads from then on.
  void connectInput();
  /// Shows what the optimizer would do to the model.
  void optimizeModel();
  /// Shows the model as another runtime may want it.
  void exportModel();
  /// Shows how a model from another file, which a person chooses where none is given, differs.
  void compareModel(const QString& path = {});
  /// What Ctrl+R does: runs, asks first what the model leaves open, or stops.
  void runModel();
  void showRunSettings();
  /// Shows a run that another program traced; without a path a person chooses.
  void openTrace(QString path = {});
  /// Draws all of the current graph, as it is unfolded, into a file by its name's ending (svg, png, pdf).
  void savePicture(const QString& path);

 Q_SIGNALS:
  /// Another document is current, or none.
  void documentChanged();

 protected:
  QMenu* createPopupMenu() override;
  void closeEvent(QCloseEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  void makePanels();
  void makeMenus();
  void makeFileMenu();
  void makeEditMenu();
  void makeViewMenu();
  void makeRunMenu();
  void makeHelpMenu();
  void fillRecent(QMenu* menu);
  void addCanvasCommand(QMenu* menu, const QString& title, const QKeySequence& shortcut,
                        void (Canvas::*run)());
  QMenu* addMenu(const QString& title);
  /// A panel page that shows the current document: made once, told of every change.
  template <class Panel>
  QWidget* followDocument(Panel* panel);
  /// A tab with a document that is to be opened.
  Document* addTab(const QString& path);
  void showOver(OverPage* over);
  void findJournals();
  void recover(const JournalContent& journal);
  DocumentPage* pageAt(int tab) const;
  int tabOf(DocumentPage* page) const;
  void removeTab(int index);
  /// Puts the question above the tab's graph; false if there is nothing to ask.
  bool asksBeforeClosing(int tab);
  void addHistoryCommands(QMenu* menu);
  void addGraphCommands(QMenu* menu);
  void chooseTensor(const Port& input);
  void showHistory();
  void forEachPage(const std::function<void(DocumentPage&)>& visit);
  void savePictureDialog();
  void showCurrent();
  void showProblemCount();
  void followRun();
  void showStatus();
  /// Keeps a small picture of the graph for the list of recent files, made in a job.
  void keepThumbnail(Document* document);
  void setThemeMode(Theme::Mode mode);
  void addPanelCommands(QMenu* menu);
  void addThemeCommands(QMenu* menu);
  void copyOperators();
  void compareRuns();
  void exportNumbers();
  void focusPlace(int step);
  void arrangePanels();
  void restoreLayout();
  void saveLayout();

  Theme* theme_;
  JobList* jobs_;
  Commands* commands_;
  CommandPalette* palette_;
  OperatorPalette* operators_;
  ListPalette* list_;
  Header* header_;
  QStackedWidget* pages_;
  StartPage* start_;
  PanelDock* left_ = nullptr;
  PanelDock* right_ = nullptr;
  PanelDock* bottom_ = nullptr;
  QLabel* modelLine_;
  QLabel* selectionLine_;
  Document* shown_ = nullptr;
  QAction* undo_ = nullptr;
  QAction* redo_ = nullptr;
  bool isClosing_ = false;  ///< the window is to close once its tabs are
  QAction* leftShown_ = nullptr;
  QAction* rightShown_ = nullptr;
  bool leftWanted_ = true, rightWanted_ = true, bottomWanted_ = false;
  bool constantsWanted_ = false;  ///< as nodes, in every tab
  bool heatWanted_ = true;        ///< time as colour, in every tab
};

/// Where the bundled sample model lies; empty if it is not there.
QString samplePath();

}  // namespace lapidary::ui
