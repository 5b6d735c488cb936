#include "ui/shell/operator_palette.h"

#include <QLineEdit>
#include <QListWidget>
#include <algorithm>

#include "engine/ops/operator_table.h"
#include "ui/document/format.h"
#include "ui/shell/commands.h"

namespace lapidary::ui {

namespace {

constexpr int PositionRole = Qt::UserRole;

/// A name counts more than a word of the description; below 0 it does not fit.
int score(const QString& typed, const Operator& record) {
  if (typed.isEmpty()) return 0;
  const int byName = fuzzyScore(typed, text(record.name));
  if (byName >= 0) return byName + 1'000'000;
  return text(record.summary_text).contains(typed, Qt::CaseInsensitive) ? 0 : -1;
}

/// Of every operator the record in force, for the domains that the model imports.
std::vector<const Operator*> operatorsFor(const Model& model) {
  std::vector<const Operator*> found;
  for (const Operator* record : operator_table().all()) {
    const auto opset = model.opset(record->domain);
    if (opset > 0 && !record->is_deprecated &&
        operator_table().find(record->domain, record->name, opset) == record)
      found.push_back(record);
  }
  return found;
}

}  // namespace

OperatorPalette::OperatorPalette(QWidget* window) : OperatorPalette(new QListWidget, window) {}

OperatorPalette::OperatorPalette(QListWidget* list, QWidget* window)
    : ChoicePopup(list, window), list_(list) {
  field()->setPlaceholderText(tr("Search operators by name or by what they do"));
  field()->setAccessibleName(tr("Operator"));
  list_->setAccessibleName(tr("Operators"));
  list_->setUniformItemSizes(true);
  list_->setTextElideMode(Qt::ElideRight);
}

void OperatorPalette::open(const Model& model, std::function<void(const Operator&)> chosen,
                           const std::function<bool(const Operator&)>& fits) {
  operators_ = operatorsFor(model);
  if (fits) std::erase_if(operators_, [&](const Operator* record) { return !fits(*record); });
  chosen_ = std::move(chosen);
  place(parentWidget()->height());
  appear();
}

void OperatorPalette::fill(const QString& typed) {
  std::vector<std::pair<int, int>> fitting;
  for (int i = 0; i < static_cast<int>(operators_.size()); ++i)
    if (const int fits = score(typed, *operators_[static_cast<std::size_t>(i)]); fits >= 0)
      fitting.emplace_back(fits, i);
  std::stable_sort(fitting.begin(), fitting.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  list_->clear();
  for (const auto& [fits, position] : fitting) {
    const Operator& record = *operators_[static_cast<std::size_t>(position)];
    auto* item = new QListWidgetItem(tr("%1 — %2").arg(text(record.name), text(record.summary_text)), list_);
    item->setData(PositionRole, position);
    item->setToolTip(text(record.summary_text));
    item->setSizeHint({200, 32});
  }
  list_->setCurrentRow(0);
}

void OperatorPalette::takeCurrent() {
  const QListWidgetItem* item = list_->currentItem();
  const int position = item ? item->data(PositionRole).toInt() : -1;
  leave();
  if (position >= 0) chosen_(*operators_[static_cast<std::size_t>(position)]);
}

}  // namespace lapidary::ui
