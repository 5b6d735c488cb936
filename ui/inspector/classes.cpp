#include "ui/inspector/classes.h"

namespace lapidary::ui {

std::vector<ClassShare> likeliest_classes(const Tensor& scores, const std::vector<std::string>& labels,
                                          std::size_t most, std::int64_t row) {
  const Dims& dims = scores.dims();
  const bool fits = is_floating(scores.type()) && (dims.size() == 1 || dims.size() == 2) && dims.back() > 1 &&
                    dims.back() <= 100'000 && scores.size() <= 10'000'000;
  if (!fits) return {};
  const bool named = static_cast<std::int64_t>(labels.size()) == dims.back();
  if (labels.empty() ? dims.back() < 5 : !named) return {};
  std::vector<ClassShare> classes;
  for (const ClassScore& one : top_classes(scores, row, static_cast<int>(most)))
    classes.push_back(
        {one.index, one.probability, named ? labels[static_cast<std::size_t>(one.index)] : std::string()});
  return classes;
}

}  // namespace lapidary::ui
