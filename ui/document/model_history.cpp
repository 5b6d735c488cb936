#include "ui/document/model_history.h"

namespace lapidary::ui {

ModelHistory::ModelHistory(ModelPointer opened) : steps_{{opened, {}}}, saved_(std::move(opened)) {}

void ModelHistory::add(ModelPointer model, QString name) {
  steps_.resize(place_ + 1);
  steps_.push_back({std::move(model), std::move(name)});
  ++place_;
}

}  // namespace lapidary::ui
