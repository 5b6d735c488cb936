#pragma once

#include <string>
#include <vector>

#include "engine/compare/classes.h"

namespace lapidary::ui {

/// One of the likeliest classes.
struct ClassShare {
  std::int64_t index = 0;
  double share = 0;
  std::string label;  ///< empty where there is no labels file
};

/// The `most` likeliest classes of row `row` of scores [N] or [B, N], with their names; empty if the tensor
/// does not look like scores of these labels, or of at least five classes where there are none.
std::vector<ClassShare> likeliest_classes(const Tensor& scores, const std::vector<std::string>& labels,
                                          std::size_t most, std::int64_t row = 0);

}  // namespace lapidary::ui
