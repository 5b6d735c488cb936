#pragma once

#include <QDateTime>
#include <QFileSystemWatcher>
#include <QObject>
#include <QPointer>
#include <QString>
#include <QTimer>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "engine/analysis/hierarchy.h"
#include "engine/analysis/inferred_types.h"
#include "engine/analysis/model_cost.h"
#include "engine/analysis/nested_graphs.h"
#include "engine/edit/edit.h"
#include "engine/edit/history.h"
#include "engine/edit/journal.h"
#include "engine/io/model_file.h"
#include "engine/layout/layout.h"
#include "engine/model/graph_index.h"
#include "ui/document/derivation.h"
#include "ui/document/heat.h"
#include "ui/document/run.h"
#include "ui/document/selection.h"
#include "ui/document/theme.h"
#include "ui/jobs/job_list.h"

namespace lapidary::ui {

class JournalKeeper;
struct Recovery;

/// One open model: the snapshot, what is derived from it in background jobs, how far the graph is unfolded,
/// and the last run. Views watch its signals; each derived part is nullptr until its job is through.
class Document : public QObject {
  Q_OBJECT

 public:
  enum class State { Empty, Loading, Ready, Failed, Cancelled };

  Document(Theme* theme, JobList* jobs, QObject* parent = nullptr);
  ~Document() override;

  /// Reads the file in a job; what was shown before goes once the new model is there.
  void open(const QString& path, const LoadOptions& options = {});
  /// Shows a model that no file holds, under that title.
  void openModel(ModelPointer model, const QString& title);
  /// Opens the journal's model, and makes the edits that its file lacks again. Where one cannot be made,
  /// editError() says so, and those before it are there.
  void recover(const JournalContent& journal);
  /// The job without which nothing (else) can be shown: opening, inferring types, laying out; nullptr if
  /// there is none.
  const Job* opening() const { return opening_; }
  /// Ends it: what was shown before stays, and where nothing was, the state is Cancelled.
  void cancelOpening();
  State state() const { return state_; }
  /// Why opening failed; only if state() is Failed.
  const std::optional<Error>& error() const { return error_; }
  const QString& path() const { return path_; }
  /// The file's name without folder.
  QString title() const;

  /// The file as it was read.
  const LoadedModel& loaded() const { return loaded_; }
  /// The snapshot that is shown; it follows history() in a job. nullptr until a model is open.
  const ModelPointer& model() const { return model_; }
  const std::shared_ptr<const Hierarchy>& hierarchy() const { return hierarchy_; }
  const std::shared_ptr<const GraphIndex>& index() const { return index_; }
  const std::shared_ptr<const InferredTypes>& types() const { return types_; }
  /// The graphs inside nodes; known together with types().
  const std::shared_ptr<const NestedGraphs>& nested() const { return nested_; }
  const std::shared_ptr<const ModelCost>& cost() const { return cost_; }
  /// Operators without a kernel; known together with cost().
  const std::vector<UnsupportedOperator>& unsupported() const { return unsupported_; }
  /// What check_model found, and what type inference reported; known together with cost().
  const std::vector<Problem>& problems() const { return problems_; }

  const std::shared_ptr<const Layout>& layout() const { return layout_; }
  /// Paths of the open groups, and ids ("node:12") of the nodes whose subgraphs are open.
  const std::set<std::string>& openParts() const { return open_; }
  bool isOpen(const std::string& part) const { return open_.count(part) != 0; }
  void setOpen(const std::string& part, bool open);
  void toggleOpen(const std::string& part) { setOpen(part, !isOpen(part)); }
  /// Opens every group, subgraph and function around the element, so that it stands in the layout.
  void reveal(const Element& element);
  /// Whether initializers and nodes that only make constants stand in the layout.
  bool constantsAreShown() const { return constantsAreShown_; }
  void setConstantsShown(bool shown);
  void openAllGroups();
  void closeAllGroups();

  /// The snapshots that edits made; nothing until a model is open.
  const std::optional<EditHistory>& history() const { return history_; }
  /// True once there is something to edit.
  bool canEdit() const { return state_ == State::Ready && layout_ != nullptr; }
  /// Does the step on the newest snapshot; what is shown follows in a job. Where that cannot be,
  /// editError() says why, and false is returned.
  bool edit(const EditStep& step, const QString& name);
  /// Takes the result of a step that was done in a job on the newest snapshot.
  void take(const EditStep& step, const QString& name, ModelPointer result);
  /// Goes to a snapshot of history().
  void goTo(std::size_t index);
  void undo();
  void redo();
  /// Why the last edit or save was not done; empty after one that was.
  const std::optional<Error>& editError() const { return editError_; }
  void forgetEditError();
  /// True if there is something that no file holds.
  bool isChanged() const { return history_ && !history_->is_saved(); }
  /// Writes the newest snapshot in a job; `path` becomes the document's file.
  Job* save(const QString& path);
  /// True if another program wrote the file since it was read or saved.
  bool isChangedOnDisk() const { return isChangedOnDisk_; }
  /// What is on disk is of no interest.
  void keepDespiteDisk();
  /// A journal of edits of this file that no file has, from a program that ended without saving them.
  const std::optional<JournalContent>& foundJournal() const { return foundJournal_; }
  /// Its edits are not wanted.
  void dropFoundJournal();
  /// Where the node stood in the snapshot that was shown before the last edit; -1 if it is new.
  int earlierPosition(int node) const;

  /// How the next run is to be made.
  const RunSettings& runSettings() const { return runSettings_; }
  void setRunSettings(const RunSettings& settings);
  /// Runs in a job; result() and heat() follow.
  Job* run();
  /// What the run key does: stops the run that goes on; else runs, but asks first (runSettingsWanted) where
  /// the model leaves sizes or integers open that nobody has seen yet.
  void requestRun();
  /// True from the moment a person was asked until the next run.
  bool isAsking() const { return isAsking_; }
  bool isRunning() const;
  void cancelRun();
  /// The last run that came through; nullptr before.
  const std::shared_ptr<const RunResult>& result() const { return result_; }
  /// Shows a result as if a run here had just brought it.
  void takeResult(std::shared_ptr<const RunResult> result);
  /// Why the last run failed; empty after one that came through.
  const std::optional<Error>& runError() const { return runError_; }

  Selection* selection() const { return selection_; }
  Heat* heat() const { return heat_; }
  Theme* theme() const { return theme_; }
  JobList* jobs() const { return jobs_; }

  /// The node of the main graph or of the nested graph that the element lies in; nullptr if it is no node.
  const Node* nodeOf(const Element& element) const;
  /// What the element is called: a node's label, a group's path, a value's name.
  QString nameOf(const Element& element) const;
  /// The nodes of the main graph inside the element: itself, a group's, or a value's producer. Of what stands
  /// in a nested graph, the node around it.
  std::vector<int> nodesOf(const Element& element) const;
  /// The node that makes the value, by position in its graph; -1 if none does.
  int producerOf(const Element& value) const;
  /// The nodes that read the value, by position in its graph.
  std::vector<int> readersOf(const Element& value) const;
  /// The node of that label, in the main graph or else in a nested one.
  std::optional<Element> nodeNamed(const std::string& label) const;
  /// The operator of the last run that the node was part of; nullptr if there is none.
  const OperatorTime* timeOf(const Element& node) const;
  /// The nodes that an operator of the last run stands for, also where they lie in nested graphs.
  std::vector<Element> elementsOf(const OperatorTime& time) const;
  /// What the last run took for the element; 0 before.
  double millisecondsOf(const Element& element) const;
  /// What the node costs; nothing before cost() is there.
  std::optional<NodeCost> costOf(const Element& node) const;
  /// The innermost group around the element; 0 (the root) for what stands in none.
  int groupOf(const Element& element) const;

 Q_SIGNALS:
  /// opening() is another.
  void openingChanged();
  /// state() or error() is another; with Ready, model(), hierarchy() and index() are there. Also, Ready and
  /// with a layout, when an edit changed the model.
  void stateChanged();
  void typesChanged();
  void layoutChanged();
  /// history(), isChanged(), path(), editError() or isChangedOnDisk() is another.
  void historyChanged();
  void saved();
  /// cost(), unsupported() and problems() are there.
  void analysed();
  void runSettingsChanged();
  /// The settings hold what the graph tells about sizes and integers.
  void runSettingsSuggested();
  /// Someone wants to change what the next run is given, or has to.
  void runSettingsWanted();
  /// A run began, came through or failed.
  void runChanged();

 private:
  struct Opened;
  void startOpening(std::function<Opened(const JobControl&)> open);
  void finishOpening(Opened opened);
  void followHistory();
  JournalKeeper& journal();
  void takeRecovery(Recovery recovery);
  void deriveAnew();
  Derivation shown() const;
  void show(Derivation derived);
  void forgetFormerModel();
  std::vector<Element> inNewModel(const Derivation& derived) const;
  std::optional<Element> insideNewModel(const Derivation& derived, const Element& element) const;
  void watch();
  void noticeDisk();
  void inferTypes();
  void analyse();
  void startLayout();
  LayoutOptions layoutOptions() const;
  void follow(Job* job);
  void await(Job* job);
  void fail(const Error& error);
  void giveUp();
  void openFirstGroups();
  void prepareRunSettings();
  void suggestInputs();
  void keepResult(std::shared_ptr<const RunResult> result);

  Theme* theme_;
  JobList* jobs_;
  Selection* selection_;
  Heat* heat_;
  State state_ = State::Empty;
  std::optional<Error> error_;
  QString path_;
  LoadedModel loaded_;
  ModelPointer model_;
  std::optional<EditHistory> history_;
  std::shared_ptr<JournalKeeper> journal_;  ///< from the first edit on
  std::optional<JournalContent> foundJournal_;
  std::optional<Error> editError_;
  QFileSystemWatcher watcher_;
  QDateTime written_;  ///< when the file was, as far as this document knows
  bool isChangedOnDisk_ = false;
  std::vector<int> earlier_;  ///< by node: see earlierPosition(); empty while nothing moved
  bool isWhole_ = true;       ///< see Derivation
  QTimer quiet_;              ///< runs out when nobody edited for a while
  std::shared_ptr<const Hierarchy> hierarchy_;
  std::shared_ptr<const GraphIndex> index_;
  std::shared_ptr<const InferredTypes> types_;
  std::shared_ptr<const NestedGraphs> nested_;
  std::shared_ptr<const ModelCost> cost_;
  std::vector<UnsupportedOperator> unsupported_;
  std::vector<Problem> problems_;
  std::set<std::string> open_;
  bool constantsAreShown_ = false;
  std::shared_ptr<const Layout> layout_;
  /// What layout_ was made with.
  std::set<std::string> shownOpen_;
  bool shownConstants_ = false;
  QPointer<Job> opening_;
  RunSettings runSettings_;
  /// The first run asks; a person was asked; the graph is still to be searched; run once it was.
  bool asksFirst_ = false, isAsking_ = false, awaitsSuggestions_ = false, runsWhenSuggested_ = false;
  std::shared_ptr<const RunResult> result_;
  std::optional<Error> runError_;
};

}  // namespace lapidary::ui
