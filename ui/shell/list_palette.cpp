#include "ui/shell/list_palette.h"

#include <QLineEdit>
#include <QListWidget>
#include <algorithm>

#include "ui/shell/commands.h"

namespace lapidary::ui {

namespace {

constexpr int PositionRole = Qt::UserRole;
constexpr std::size_t mostShown = 200;  ///< more than anybody reads: typing finds the others

}  // namespace

ListPalette::ListPalette(QWidget* window) : ListPalette(new QListWidget, window) {}

ListPalette::ListPalette(QListWidget* list, QWidget* window) : ChoicePopup(list, window), list_(list) {
  field()->setAccessibleName(tr("Choice"));
  list_->setAccessibleName(tr("Choices"));
  list_->setUniformItemSizes(true);
  list_->setTextElideMode(Qt::ElideRight);
}

void ListPalette::open(Choices choices) {
  choices_ = std::move(choices);
  field()->setPlaceholderText(choices_.question);
  field()->setAccessibleName(choices_.question);
  list_->setAccessibleName(choices_.question);
  place(parentWidget()->height());
  appear();
}

void ListPalette::fill(const QString& typed) {
  std::vector<std::pair<int, std::size_t>> fitting;
  for (std::size_t i = 0; i < choices_.names.size(); ++i)
    if (const int score = typed.isEmpty() ? 0 : fuzzyScore(typed, choices_.names[i]); score >= 0)
      fitting.emplace_back(score, i);
  std::stable_sort(fitting.begin(), fitting.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  if (fitting.size() > mostShown) fitting.resize(mostShown);
  std::vector<std::pair<std::size_t, QString>> shown;
  for (const auto& [score, i] : fitting)
    shown.emplace_back(i, choices_.refusal ? choices_.refusal(i) : QString());
  std::stable_partition(shown.begin(), shown.end(), [](const auto& one) { return one.second.isEmpty(); });
  list_->clear();
  for (const auto& [i, refusal] : shown) {
    const QString detail = !refusal.isEmpty() ? refusal : choices_.detail ? choices_.detail(i) : QString();
    auto* item = new QListWidgetItem(
        detail.isEmpty() ? choices_.names[i] : tr("%1 — %2").arg(choices_.names[i], detail), list_);
    item->setData(PositionRole, static_cast<qulonglong>(i));
    item->setToolTip(item->text());
    item->setSizeHint({200, 32});
    if (!refusal.isEmpty()) item->setFlags(Qt::NoItemFlags);
  }
  list_->setCurrentRow(0);
}

void ListPalette::takeCurrent() {
  const QListWidgetItem* item = list_->currentItem();
  if (item && !(item->flags() & Qt::ItemIsEnabled)) return;  // what is refused is no choice
  leave();
  if (item) choices_.chosen(item->data(PositionRole).toULongLong());
}

}  // namespace lapidary::ui
