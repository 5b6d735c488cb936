#include "ui/document/heat.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lapidary::ui {

double Heat::at(int node) const {
  if (isShown() && showsErrors()) return errorAt(node) < 0 ? -1 : shareOfError(errorAt(node));
  if (!isShown() || largest_ <= 0 || node < 0 || static_cast<std::size_t>(node) >= values_.size()) return -1;
  return values_[static_cast<std::size_t>(node)] / largest_;
}

double Heat::valueAt(int node) const {
  if (node < 0 || static_cast<std::size_t>(node) >= values_.size()) return 0;
  return values_[static_cast<std::size_t>(node)];
}

void Heat::setValues(std::vector<double> values, const QString& unit) {
  values_ = std::move(values);
  largest_ = values_.empty() ? 0 : *std::max_element(values_.begin(), values_.end());
  total_ = std::accumulate(values_.begin(), values_.end(), 0.0);
  unit_ = unit;
  Q_EMIT changed();
}

void Heat::setErrors(std::vector<double> errors) {
  if (errors.empty() && errors_.empty()) return;
  errors_ = std::move(errors);
  Q_EMIT changed();
}

double Heat::errorAt(int node) const {
  return node < 0 || static_cast<std::size_t>(node) >= errors_.size() ? -1
                                                                      : errors_[static_cast<std::size_t>(node)];
}

double Heat::shareOfError(double error) {
  if (error <= leastError) return 0;
  return std::min(1.0, 1 - std::log10(error) / std::log10(leastError));
}

void Heat::setShown(bool shown) {
  if (shown == shown_) return;
  shown_ = shown;
  Q_EMIT changed();
}

}  // namespace lapidary::ui
