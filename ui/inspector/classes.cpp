#include "ui/inspector/classes.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>

namespace lapidary::ui {

std::vector<std::string> labels_beside(const std::string& model_path) {
  const std::filesystem::path model(model_path);
  for (const std::filesystem::path& name :
       {model.parent_path() / (model.stem().string() + ".labels.txt"), model.parent_path() / "labels.txt"}) {
    std::ifstream file(name);
    if (!file) continue;
    std::vector<std::string> labels;
    for (std::string line; std::getline(file, line);) labels.push_back(line);
    return labels;
  }
  return {};
}

std::vector<ClassShare> likeliest_classes(const Tensor& scores, const std::vector<std::string>& labels,
                                          std::size_t most, std::int64_t row) {
  const Dims& dims = scores.dims();
  const bool fits = is_floating(scores.type()) && (dims.size() == 1 || dims.size() == 2) && dims.back() > 1 &&
                    dims.back() <= 100'000 && scores.size() <= 10'000'000;
  const bool known =
      !labels.empty() && dims.size() >= 1 && static_cast<std::int64_t>(labels.size()) == dims.back();
  if (!fits || (labels.empty() ? dims.back() < 5 : !known)) return {};
  const std::vector<double> all = values_as<double>(scores);
  const auto count = static_cast<std::size_t>(dims.back());
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(row) * count);
  std::vector<double> shares(begin, begin + static_cast<std::ptrdiff_t>(count));
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  const double least = *std::min_element(shares.begin(), shares.end());
  if (least < 0 || std::abs(sum - 1) > 1e-3) {
    const double largest = *std::max_element(shares.begin(), shares.end());
    double total = 0;
    for (double& share : shares) total += share = std::exp(share - largest);
    for (double& share : shares) share /= total;
  }
  std::vector<ClassShare> classes;
  for (std::size_t i = 0; i < count; ++i)
    classes.push_back(
        {static_cast<std::int64_t>(i), shares[i], i < labels.size() ? labels[i] : std::string()});
  const auto kept = static_cast<std::ptrdiff_t>(std::min(most, count));
  std::partial_sort(classes.begin(), classes.begin() + kept, classes.end(),
                    [](const ClassShare& a, const ClassShare& b) { return a.share > b.share; });
  classes.resize(static_cast<std::size_t>(kept));
  return classes;
}

}  // namespace lapidary::ui
