#include "ui/document/selection.h"

#include <algorithm>

namespace lapidary::ui {

namespace {

constexpr std::size_t longestHistory = 100;

}  // namespace

bool Selection::contains(const Element& element) const {
  return std::find(elements_.begin(), elements_.end(), element) != elements_.end();
}

void Selection::select(std::vector<Element> elements) {
  if (elements == elements_) return;
  if (!elements_.empty()) history_.push_back(std::move(elements_));
  if (history_.size() > longestHistory) history_.erase(history_.begin());
  elements_ = std::move(elements);
  Q_EMIT changed();
}

void Selection::toggle(const Element& element) {
  std::vector<Element> elements = elements_;
  const auto found = std::find(elements.begin(), elements.end(), element);
  if (found == elements.end())
    elements.push_back(element);
  else
    elements.erase(found);
  select(std::move(elements));
}

void Selection::reset(std::vector<Element> elements) {
  history_.clear();
  elements_ = std::move(elements);
  isHovered_ = false;
  found_.clear();
  Q_EMIT changed();
}

void Selection::setHovered(const Element* element) {
  const bool same = element ? isHovered_ && *element == hovered_ : !isHovered_;
  if (same) return;
  isHovered_ = element != nullptr;
  if (element) hovered_ = *element;
  Q_EMIT hoveredChanged();
}

void Selection::setFound(std::vector<Element> found) {
  if (found == found_) return;
  found_ = std::move(found);
  Q_EMIT foundChanged();
}

void Selection::goBack() {
  if (!canGoBack()) return;
  elements_.clear();
  if (!history_.empty()) {
    elements_ = std::move(history_.back());
    history_.pop_back();
  }
  Q_EMIT changed();
}

}  // namespace lapidary::ui
