#include "ui/shell/command_palette.h"

#include <QAction>
#include <QLayout>
#include <QLineEdit>
#include <QListView>
#include <QPainter>
#include <QPointer>
#include <QStyledItemDelegate>
#include <algorithm>
#include <vector>

#include "ui/shell/commands.h"

namespace lapidary::ui {

namespace {

constexpr int ActionRole = Qt::UserRole;

/// Name left, shortcut right.
class CommandDelegate : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;

  QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override { return {200, 32}; }

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    if (option.state & QStyle::State_Selected) {
      painter->setPen(Qt::NoPen);
      painter->setBrush(option.palette.color(QPalette::AlternateBase));
      painter->drawRoundedRect(QRectF(option.rect).adjusted(4, 1, -4, -1), 7, 7);
    }
    const QRect inside = option.rect.adjusted(16, 0, -16, 0);
    const auto* action = index.data(ActionRole).value<QAction*>();
    painter->setPen(option.palette.color(action->isEnabled() ? QPalette::Text : QPalette::PlaceholderText));
    painter->drawText(inside, Qt::AlignVCenter | Qt::AlignLeft, index.data().toString());
    painter->setPen(option.palette.color(QPalette::PlaceholderText));
    painter->drawText(inside, Qt::AlignVCenter | Qt::AlignRight,
                      action->shortcut().toString(QKeySequence::NativeText));
    painter->restore();
  }
};

}  // namespace

CommandPalette::CommandPalette(Commands* commands, QWidget* window)
    : CommandPalette(commands, new QListView, window) {}

CommandPalette::CommandPalette(Commands* commands, QListView* list, QWidget* window)
    : ChoicePopup(list, window), commands_(commands), list_(list) {
  field()->setPlaceholderText(tr("Type a command"));
  field()->setAccessibleName(tr("Command"));
  list_->setModel(&model_);
  list_->setItemDelegate(new CommandDelegate(list_));
  list_->setAccessibleName(tr("Commands"));
  list_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
}

void CommandPalette::open() {
  offered_ = commands_->everything();
  appear();
}

void CommandPalette::fill(const QString& typed) {
  std::vector<std::pair<int, QAction*>> fitting;
  for (QAction* action : offered_) {
    const int score = typed.isEmpty()
                          ? 0
                          : fuzzyScore(typed, Commands::groupOf(action) + QLatin1Char(' ') + action->text());
    if (typed.isEmpty() || score >= 0) fitting.emplace_back(score, action);
  }
  std::stable_sort(fitting.begin(), fitting.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  model_.clear();
  for (const auto& [score, action] : fitting) {
    auto* item = new QStandardItem(
        tr("%1: %2").arg(Commands::groupOf(action), action->text().remove(QLatin1Char('&'))));
    item->setData(QVariant::fromValue(action), ActionRole);
    if (action->isCheckable())
      item->setData(tr("%1, %2").arg(item->text(), action->isChecked() ? tr("on") : tr("off")),
                    Qt::AccessibleTextRole);
    item->setEditable(false);
    model_.appendRow(item);
  }
  list_->setCurrentIndex(model_.index(0, 0));
  place(neededHeight());
}

int CommandPalette::neededHeight() const {
  const QMargins margins = layout()->contentsMargins();
  const int rows = model_.rowCount() * std::max(list_->sizeHintForRow(0), 0);
  return margins.top() + field()->sizeHint().height() + layout()->spacing() + rows + 2 * list_->frameWidth() +
         margins.bottom() + 8;
}

void CommandPalette::takeCurrent() {
  const QPointer<QAction> action = list_->currentIndex().data(ActionRole).value<QAction*>();
  leave();
  if (action && action->isEnabled()) action->trigger();
}

void CommandPalette::hideEvent(QHideEvent* event) {
  ChoicePopup::hideEvent(event);
  offered_.clear();
  model_.clear();
}

}  // namespace lapidary::ui
