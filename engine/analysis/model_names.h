#pragma once

#include <string>
#include <unordered_set>

#include "engine/model/model.h"

namespace lapidary {

/// All names in a model, collected when the first new one is asked for.
class ModelNames {
 public:
  explicit ModelNames(ModelPointer model) : model_(std::move(model)) {}
  /// A name that no value and no node has, made from `base`, and taken from now on.
  std::string fresh(const std::string& base);

 private:
  void collect();
  ModelPointer model_;
  std::unordered_set<std::string> taken_;
};

}  // namespace lapidary
