#include "engine/compare/classes.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>

namespace lapidary {

std::optional<ClassShape> class_shape(const Tensor& scores) {
  if (!scores.is_present() || !is_floating(scores.type()) || scores.rank() == 0) return std::nullopt;
  const Dims& dims = scores.dims();
  if (dims.size() == 1) return dims[0] >= 2 ? std::optional(ClassShape{1, dims[0]}) : std::nullopt;
  const bool trailing_ones = std::all_of(dims.begin() + 2, dims.end(), [](std::int64_t d) { return d == 1; });
  if (!trailing_ones || dims[1] < 2 || dims[0] < 1) return std::nullopt;
  return ClassShape{dims[0], dims[1]};
}

std::vector<ClassScore> top_classes(const Tensor& scores, std::int64_t row, int count) {
  const auto shape = class_shape(scores);
  if (!shape || row < 0 || row >= shape->rows) return {};
  const auto values = values_as<double>(scores.aligned());
  const auto first = values.begin() + row * shape->classes;
  std::vector<double> probabilities(first, first + shape->classes);
  const double sum = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
  const bool already = std::abs(sum - 1) < 1e-3 && std::all_of(probabilities.begin(), probabilities.end(),
                                                               [](double p) { return p >= 0; });
  if (!already) {
    const double largest = *std::max_element(probabilities.begin(), probabilities.end());
    double total = 0;
    for (double& p : probabilities) total += p = std::exp(p - largest);
    for (double& p : probabilities) p /= total;
  }
  std::vector<ClassScore> order(probabilities.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = {static_cast<int>(i), probabilities[i]};
  const auto last =
      order.begin() + std::min<std::ptrdiff_t>(count, static_cast<std::ptrdiff_t>(order.size()));
  std::partial_sort(order.begin(), last, order.end(),
                    [](const ClassScore& a, const ClassScore& b) { return a.probability > b.probability; });
  order.erase(last, order.end());
  return order;
}

std::vector<std::string> labels_beside(const std::string& model_path) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(model_path).parent_path();
  std::vector<std::string> labels;
  for (const std::string& name :
       {fs::path(model_path).stem().string() + ".labels.txt", std::string("labels.txt")}) {
    std::ifstream file(folder / name);
    for (std::string line; std::getline(file, line);) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      labels.push_back(line);
    }
    if (!labels.empty()) break;
  }
  return labels;
}

}  // namespace lapidary
