#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/model/tensor.h"

namespace lapidary {

struct ClassScore {
  int index = 0;
  double probability = 0;
};

/// The `count` most likely classes of row `row` of scores [C] or [N, C, 1…]: by softmax, or as they are where
/// every row already sums to 1. Most likely first.
std::vector<ClassScore> top_classes(const Tensor& scores, std::int64_t row, int count);
/// Rows and classes of an output that looks like class scores: floating, [C] or [N, C] with trailing ones, C
/// ≥ 2.
struct ClassShape {
  std::int64_t rows = 0, classes = 0;
};
std::optional<ClassShape> class_shape(const Tensor& scores);

/// The names of classes, a line each, from NAME.labels.txt or labels.txt beside NAME.onnx; empty if there is
/// no such file.
std::vector<std::string> labels_beside(const std::string& model_path);

}  // namespace lapidary
