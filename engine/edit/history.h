#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

/// Snapshots of one document, each with the name of what led to it: undo and redo. Holds at most as many
/// bytes as the budget beyond those of the model that it began with, data that snapshots share counted once;
/// the oldest are dropped beyond it, and the current one never. Weights that lie in mapped files count as if
/// they were in memory.
class EditHistory {
 public:
  EditHistory(ModelPointer model, std::int64_t budget_bytes);
  ~EditHistory();
  EditHistory(EditHistory&&) noexcept;
  EditHistory& operator=(EditHistory&&) noexcept;

  const ModelPointer& current() const { return entries_[index_].model; }
  /// A new snapshot behind the current one; what could be done again is dropped.
  void push(std::string name, ModelPointer model);
  bool can_undo() const { return index_ > 0; }
  bool can_redo() const { return index_ + 1 < entries_.size(); }
  /// Does nothing where it cannot.
  void undo();
  void redo();

  /// Snapshots that are there: names()[i] led to snapshot i; empty for the one that the history began with.
  std::size_t size() const { return entries_.size(); }
  std::size_t index() const { return index_; }
  const std::string& name(std::size_t index) const { return entries_[index].name; }
  const ModelPointer& model(std::size_t index) const { return entries_[index].model; }
  void go_to(std::size_t index);
  /// Steps from the very first snapshot to the current one, dropped ones counted: the journal's position.
  std::size_t position() const { return dropped_ + index_; }

  /// `model`, one of the snapshots, is what lies on disk. The mark stays with it through undo, redo and new
  /// steps.
  void mark_saved(const ModelPointer& model) { saved_ = model; }
  bool is_saved() const { return saved_.lock() == current(); }

  /// Bytes that the snapshots hold beyond the model that the history began with.
  std::int64_t held_bytes() const;

 private:
  void forget_oldest();

  struct Entry {
    std::string name;
    ModelPointer model;
  };
  class Holdings;
  std::vector<Entry> entries_;
  std::size_t index_ = 0, dropped_ = 0;
  std::int64_t budget_bytes_ = 0, first_bytes_ = 0;
  std::weak_ptr<const Model> saved_;
  std::unique_ptr<Holdings> holdings_;
};

}  // namespace lapidary
