// How a document changes: edits, the way back, saving, and what other programs do to its file.
#include <QFileInfo>
#include <QThreadPool>
#include <algorithm>
#include <tuple>

#include "engine/io/model_file.h"
#include "ui/document/document.h"
#include "ui/document/format.h"
#include "ui/document/journal_keeper.h"
#include "ui/document/recovery.h"

namespace lapidary::ui {

bool Document::edit(const EditStep& step, const QString& name) {
  if (!canEdit()) return false;
  try {
    // What is shown may be behind by an edit or two.
    const GraphIndex* index = model_ == history_->current() ? index_.get() : nullptr;
    take(step, name, apply_step(history_->current(), step, index));
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

Derivation Document::shown() const {
  Derivation shown;
  shown.model = model_;
  shown.hierarchy = hierarchy_;
  shown.index = index_;
  shown.types = types_;
  shown.isWhole = isWhole_;
  return shown;
}

void Document::followHistory() {
  quiet_.stop();
  if (Job* job = jobs_->running(this, QStringLiteral("derive"))) job->cancel();
  Q_EMIT historyChanged();
  jobs_->start(
      this, QStringLiteral("edit"), tr("Follow the edit of %1").arg(title()),
      [model = history_->current(), shown = shown(), options = layoutOptions()](const JobControl& control) {
        return derive(model, shown, options, true, control);
      },
      [this](Derivation derived) { show(std::move(derived)); },
      [this](const Error& error) {
        editError_ = error;
        Q_EMIT historyChanged();
      });
}

/// What only followed the edits so far, from the whole model.
void Document::deriveAnew() {
  jobs_->start(
      this, QStringLiteral("derive"), tr("Types and modules of %1").arg(title()),
      [shown = shown(), options = layoutOptions()](const JobControl& control) {
        return derive(shown.model, shown, options, false, control);
      },
      [this](Derivation derived) { show(std::move(derived)); });
}

/// What stands in a nested graph, in the graph that took its place; nothing if either is gone.
std::optional<Element> Document::insideNewModel(const Derivation& derived, const Element& element) const {
  const NestedGraph* before = element.graph && nested_ ? nested_->find(element.graph) : nullptr;
  if (!before) return std::nullopt;
  const std::string prefix = movedPlace(before->prefix, derived.now);
  const auto& all = derived.nested->all();
  const auto place = std::find_if(all.begin(), all.end(),
                                  [&](const NestedGraph& nested) { return nested.prefix == prefix; });
  if (place == all.end()) return std::nullopt;
  const std::string name = nameOf(element).toStdString();
  int position = 0;
  for (const auto& node : place->graph->nodes) {
    if (element.kind == Element::Kind::Node && node->label() == name)
      return Element::node(position, place->graph);
    if (element.kind == Element::Kind::Value &&
        std::find(node->outputs.begin(), node->outputs.end(), name) != node->outputs.end())
      return Element::named(name, place->graph);
    ++position;
  }
  return std::nullopt;
}

/// What is selected, as far as the new model has it; of what is gone from a nested graph, the node around it.
std::vector<Element> Document::inNewModel(const Derivation& derived) const {
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
    } else if (const auto inside = insideNewModel(derived, element)) {
      add(*inside);
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

void Document::forgetFormerModel() {
  cost_.reset();
  unsupported_.clear();
  problems_.clear();
  // Times belong to the model that was run.
  result_.reset();
  heat_->clear();
}

/// Shows another model, or the same with facts that are whole.
void Document::show(Derivation derived) {
  std::vector<Element> selected = inNewModel(derived);
  const bool openedMeanwhile =
      open_ != derived.asked.open || constantsAreShown_ != derived.asked.show_constants;
  for (const char* channel : {"layout", "analysis"})
    if (Job* job = jobs_->running(this, QLatin1String(channel))) job->cancel();
  await(nullptr);
  if (derived.model != model_) forgetFormerModel();
  // A large model's facts take a while to be freed: nobody waits for it.
  QThreadPool::globalInstance()->start(
      [before = std::make_tuple(std::move(hierarchy_), std::move(index_), std::move(types_),
                                std::move(nested_), std::move(layout_))]() mutable { before = {}; });
  model_ = std::move(derived.model);
  hierarchy_ = std::move(derived.hierarchy);
  index_ = std::move(derived.index);
  types_ = std::move(derived.types);
  nested_ = std::move(derived.nested);
  layout_ = std::move(derived.layout);
  isWhole_ = derived.isWhole;
  open_ = moved(open_, derived.now);
  shownOpen_ = moved(derived.asked.open, derived.now);
  shownConstants_ = derived.asked.show_constants;
  earlier_.assign(model_->graph->nodes.size(), -1);
  for (int before = 0; const int now : derived.now) {
    if (now >= 0) earlier_[static_cast<std::size_t>(now)] = before;
    ++before;
  }
  selection_->reset(std::move(selected));
  Q_EMIT stateChanged();
  Q_EMIT typesChanged();
  Q_EMIT layoutChanged();
  if (openedMeanwhile) startLayout();
  if (isWhole_)
    analyse();
  else
    quiet_.start();
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
