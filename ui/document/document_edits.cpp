// How a document changes: edits, the way back, saving, and what other programs do to its file.
#include <QFileInfo>
#include <algorithm>
#include <unordered_map>

#include "engine/io/model_file.h"
#include "ui/document/document.h"
#include "ui/document/format.h"
#include "ui/document/journal_keeper.h"
#include "ui/document/recovery.h"

namespace lapidary::ui {

namespace {

/// Where the nodes of `from` stand in `to`; -1 for those that are gone. Nodes are known by their labels, and
/// one that was renamed by its place.
std::vector<int> followed(const Graph& from, const Graph& to) {
  std::unordered_map<std::string, int> positions;
  for (int position = 0; const auto& node : to.nodes) positions.emplace(node->label(), position++);
  std::vector<int> now;
  std::vector<bool> isTaken(to.nodes.size());
  for (const auto& node : from.nodes) {
    const auto found = positions.find(node->label());
    now.push_back(found == positions.end() ? -1 : found->second);
    if (now.back() >= 0) isTaken[static_cast<std::size_t>(now.back())] = true;
  }
  if (from.nodes.size() == to.nodes.size())
    for (std::size_t i = 0; i < now.size(); ++i)
      if (now[i] < 0 && !isTaken[i]) now[i] = static_cast<int>(i);
  return now;
}

/// Open parts, after nodes of the main graph moved: their ids are such as "node:12".
std::set<std::string> moved(const std::set<std::string>& open, const std::vector<int>& now) {
  static const std::string mark = "node:";
  std::set<std::string> result;
  for (const std::string& part : open) {
    const bool isNode = part.starts_with(mark) && part.size() > mark.size() &&
                        part.find_first_not_of("0123456789", mark.size()) == std::string::npos;
    const std::size_t position = isNode ? std::stoul(part.substr(mark.size())) : 0;
    if (!isNode)
      result.insert(part);
    else if (position < now.size() && now[position] >= 0)
      result.insert(mark + std::to_string(now[position]));
  }
  return result;
}

}  // namespace

/// All that views need of a snapshot at once, so that what they show of the one before stays whole until
/// then.
struct Document::Derived {
  ModelPointer model;
  std::shared_ptr<const Hierarchy> hierarchy;
  std::shared_ptr<const GraphIndex> index;
  std::shared_ptr<const InferredTypes> types;
  std::shared_ptr<const NestedGraphs> nested;
  std::shared_ptr<const Layout> layout;
  LayoutOptions asked;   ///< what was open when the work began
  std::vector<int> now;  ///< where the nodes shown before stand
};

bool Document::edit(const EditStep& step, const QString& name) {
  if (!canEdit()) return false;
  try {
    take(step, name, apply_step(history_->current(), step));
  } catch (const Error& error) {
    editError_ = error;
    Q_EMIT historyChanged();
    return false;
  }
  return true;
}

void Document::take(const EditStep& step, const QString& name, ModelPointer result) {
  history_->push(name.toStdString(), std::move(result));
  journal().append(step);
  editError_.reset();
  followHistory();
}

void Document::goTo(std::size_t index) {
  if (!canEdit() || index >= history_->size() || index == history_->index()) return;
  history_->go_to(index);
  journal().moveTo(history_->position());
  editError_.reset();
  followHistory();
}

void Document::undo() {
  if (history_ && history_->can_undo()) goTo(history_->index() - 1);
}

void Document::redo() {
  if (history_ && history_->can_redo()) goTo(history_->index() + 1);
}

void Document::forgetEditError() {
  editError_.reset();
  Q_EMIT historyChanged();
}

void Document::followHistory() {
  Q_EMIT historyChanged();
  jobs_->start(
      this, QStringLiteral("edit"), tr("Follow the edit of %1").arg(title()),
      [model = history_->current(), shown = model_, options = layoutOptions()](const JobControl& control) {
        Derived derived;
        derived.model = model;
        derived.asked = options;
        const Graph& graph = *model->graph;
        derived.now = followed(*shown->graph, graph);
        derived.hierarchy = std::make_shared<Hierarchy>(find_hierarchy(graph));
        derived.index = std::make_shared<GraphIndex>(graph);
        InferenceOptions inference;
        inference.checkpoint = [&control] { control.check(); };
        derived.types = std::make_shared<const InferredTypes>(infer_types(*model, inference));
        derived.nested = std::make_shared<const NestedGraphs>(*model, *derived.types);
        LayoutOptions cancellable = options;
        cancellable.open = moved(options.open, derived.now);
        cancellable.cancelled = [token = control.token()] { return token.is_cancelled(); };
        derived.layout = std::make_shared<const Layout>(
            layout_model(*model, *derived.hierarchy, *derived.types, cancellable));
        return derived;
      },
      [this](Derived derived) { show(std::move(derived)); },
      [this](const Error& error) {
        editError_ = error;
        Q_EMIT historyChanged();
      });
}

/// What is selected, as far as the new model has it; of what stands in a nested graph, the node around it.
std::vector<Element> Document::inNewModel(const Derived& derived) const {
  std::vector<Element> elements;
  const auto add = [&](const Element& element) {
    if (std::find(elements.begin(), elements.end(), element) == elements.end()) elements.push_back(element);
  };
  const GraphIndex& index = *derived.index;
  for (const Element& element : selection_->elements()) {
    const bool isValue = element.kind == Element::Kind::Value && !element.graph;
    if (element.kind == Element::Kind::Group) {
      const auto& groups = derived.hierarchy->groups;
      const std::string path = nameOf(element).toStdString();
      for (std::size_t g = 0; g < groups.size(); ++g)
        if (groups[g].path == path) add(Element::group(static_cast<int>(g)));
    } else if (isValue && (index.producer(element.value).node >= 0 || index.is_input(element.value) ||
                           index.initializer(element.value))) {
      add(element);
    } else {
      for (const int node : nodesOf(element))
        if (const int now = derived.now[static_cast<std::size_t>(node)]; now >= 0) add(Element::node(now));
    }
  }
  return elements;
}

void Document::show(Derived derived) {
  std::vector<Element> selected = inNewModel(derived);
  const bool openedMeanwhile =
      open_ != derived.asked.open || constantsAreShown_ != derived.asked.show_constants;
  for (const char* channel : {"layout", "analysis"})
    if (Job* job = jobs_->running(this, QLatin1String(channel))) job->cancel();
  await(nullptr);
  model_ = std::move(derived.model);
  hierarchy_ = std::move(derived.hierarchy);
  index_ = std::move(derived.index);
  types_ = std::move(derived.types);
  nested_ = std::move(derived.nested);
  layout_ = std::move(derived.layout);
  open_ = moved(open_, derived.now);
  shownOpen_ = moved(derived.asked.open, derived.now);
  shownConstants_ = derived.asked.show_constants;
  earlier_.assign(model_->graph->nodes.size(), -1);
  for (int before = 0; const int now : derived.now) {
    if (now >= 0) earlier_[static_cast<std::size_t>(now)] = before;
    ++before;
  }
  cost_.reset();
  unsupported_.clear();
  problems_.clear();
  // Times belong to the model that was run.
  result_.reset();
  heat_->clear();
  selection_->reset(std::move(selected));
  Q_EMIT stateChanged();
  Q_EMIT typesChanged();
  Q_EMIT layoutChanged();
  if (openedMeanwhile) startLayout();
  analyse();
}

int Document::earlierPosition(int node) const {
  const auto position = static_cast<std::size_t>(node);
  return position < earlier_.size() ? earlier_[position] : earlier_.empty() ? node : -1;
}

// --- the file ---

Job* Document::save(const QString& path) {
  SaveOptions options = save_options_for(path.toStdString());
  if (path == path_) {
    options.format = loaded_.format;
    options.compression = loaded_.compression;
  }
  const ModelPointer written = history_->current();
  // What the file holds from now on is another.
  if (Job* job = jobs_->running(this, QStringLiteral("fingerprint"))) job->cancel();
  return jobs_->start(
      this, QStringLiteral("save"), tr("Save %1").arg(QFileInfo(path).fileName()),
      [written, options, loaded = loaded_, name = path.toStdString(), journal = journal_](const JobControl&) {
        if (journal) {
          journal->saving();
          journal->flush();
        }
        save_model(*written, name, options, &loaded);
        return content_hash(name);
      },
      [this, written, path](const std::string& hash) {
        path_ = path;
        if (journal_) journal_->saved(path, hash);
        history_->mark_saved(written);
        editError_.reset();
        watch();
        Q_EMIT historyChanged();
        Q_EMIT saved();
      },
      [this](const Error& error) {
        editError_ = error;
        Q_EMIT historyChanged();
      });
}

// --- what a program that is killed leaves ---

JournalKeeper& Document::journal() {
  if (journal_) return *journal_;
  journal_ = std::make_shared<JournalKeeper>(path_);
  connect(journal_.get(), &JournalKeeper::failed, this, [this](const Error& error) {
    editError_ = error;
    Q_EMIT historyChanged();
  });
  jobs_->start(
      this, QStringLiteral("fingerprint"), tr("Fingerprint of %1").arg(title()),
      [name = path_.toStdString()](const JobControl&) { return content_hash(name); },
      [this](const std::string& hash) { journal_->opened(hash); });
  return *journal_;
}

void Document::takeRecovery(Recovery recovery) {
  for (const EditStep& step : recovery.steps) journal().append(step);
  journal().flush();
  EditJournal(recovery.journal).remove();
  editError_ = std::move(recovery.error);
}

void Document::dropFoundJournal() {
  if (foundJournal_) EditJournal(foundJournal_->path).remove();
  foundJournal_.reset();
  Q_EMIT historyChanged();
}

void Document::watch() {
  if (!watcher_.files().isEmpty()) watcher_.removePaths(watcher_.files());
  isChangedOnDisk_ = false;
  written_ = QFileInfo(path_).lastModified();
  if (QFileInfo::exists(path_)) watcher_.addPath(path_);
}

void Document::noticeDisk() {
  const QFileInfo file(path_);
  // Who replaces the file by renaming another takes the watch away with the old one.
  if (file.exists() && watcher_.files().isEmpty()) watcher_.addPath(path_);
  const bool isOwn = jobs_->running(this, QStringLiteral("save")) != nullptr;
  if (isOwn || (file.exists() && file.lastModified() == written_) || isChangedOnDisk_) return;
  isChangedOnDisk_ = true;
  Q_EMIT historyChanged();
}

void Document::keepDespiteDisk() {
  watch();
  Q_EMIT historyChanged();
}

}  // namespace lapidary::ui
