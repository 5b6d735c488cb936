#pragma once

#include <string>
#include <vector>

#include "engine/model/tensor.h"

namespace lapidary::ui {

/// One of the likeliest classes.
struct ClassShare {
  std::int64_t index = 0;
  double share = 0;
  std::string label;  ///< empty where there is no labels file
};

/// The names of the classes that lie beside the model: NAME.labels.txt or labels.txt, a line each; empty if
/// there is none.
std::vector<std::string> labels_beside(const std::string& model_path);
/// The `most` likeliest of scores [N] or [1, N] (softmax first, unless they are shares already); empty if the
/// tensor is something else. Other batch rows by `row`.
std::vector<ClassShare> likeliest_classes(const Tensor& scores, const std::vector<std::string>& labels,
                                          std::size_t most, std::int64_t row = 0);

}  // namespace lapidary::ui
