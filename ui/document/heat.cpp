#include "ui/document/heat.h"

#include <algorithm>
#include <numeric>

namespace lapidary::ui {

double Heat::at(int node) const {
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

void Heat::setShown(bool shown) {
  if (shown == shown_) return;
  shown_ = shown;
  Q_EMIT changed();
}

}  // namespace lapidary::ui
