#pragma once

#include <QString>
#include <vector>

#include "engine/model/model.h"

namespace lapidary::ui {

/// The snapshots that edits made of a model, each with the name of its edit. They share what no edit touched.
/// Place 0 is the model as it was opened.
class ModelHistory {
 public:
  ModelHistory() = default;
  explicit ModelHistory(ModelPointer opened);

  const ModelPointer& current() const { return steps_[place_].model; }
  std::size_t place() const { return place_; }
  /// How many places there are, those that were undone among them.
  std::size_t size() const { return steps_.size(); }
  /// The name of the edit that led to a place; empty for 0.
  const QString& nameAt(std::size_t place) const { return steps_[place].name; }
  bool canUndo() const { return place_ > 0; }
  bool canRedo() const { return place_ + 1 < steps_.size(); }
  void goTo(std::size_t place) { place_ = place; }
  /// Puts a snapshot behind the current place; what was undone is gone.
  void add(ModelPointer model, QString name);

  /// True if current() is not what setSaved() was given last, or what was opened.
  bool isChanged() const { return !steps_.empty() && current() != saved_; }
  void setSaved(ModelPointer model) { saved_ = std::move(model); }

 private:
  struct Step {
    ModelPointer model;
    QString name;
  };
  std::vector<Step> steps_;
  std::size_t place_ = 0;
  ModelPointer saved_;
};

}  // namespace lapidary::ui
