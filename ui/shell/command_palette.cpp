#include "ui/shell/command_palette.h"

#include <QApplication>
#include <QKeyEvent>
#include <QLayout>
#include <QLineEdit>
#include <QListView>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>
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
    : QFrame(window), commands_(commands), field_(new QLineEdit), list_(new QListView) {
  setObjectName(QStringLiteral("popup"));
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(8, 8, 8, 8);
  column->setSpacing(4);
  column->addWidget(field_);
  column->addWidget(list_);
  field_->setPlaceholderText(tr("Type a command"));
  field_->setAccessibleName(tr("Command"));
  field_->installEventFilter(this);
  list_->setModel(&model_);
  list_->setItemDelegate(new CommandDelegate(list_));
  list_->setFocusPolicy(Qt::NoFocus);
  list_->setAccessibleName(tr("Commands"));
  list_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  connect(field_, &QLineEdit::textChanged, this, &CommandPalette::fill);
  connect(list_, &QListView::clicked, this, &CommandPalette::runCurrent);
  hide();
}

void CommandPalette::open() {
  before_ = QApplication::focusWidget();
  offered_ = commands_->everything();
  field_->clear();
  fill({});
  show();
  raise();
  field_->setFocus();
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
  place();
}

void CommandPalette::place() {
  const int width = std::min(560, parentWidget()->width() - 32);
  const QMargins margins = layout()->contentsMargins();
  const int rows = model_.rowCount() * std::max(list_->sizeHintForRow(0), 0);
  const int content = margins.top() + field_->sizeHint().height() + layout()->spacing() + rows +
                      2 * list_->frameWidth() + margins.bottom() + 8;
  const int height = std::min({420, parentWidget()->height() - 80, content});
  setGeometry((parentWidget()->width() - width) / 2, 52, width, height);
}

void CommandPalette::leave() {
  hide();
  if (before_) before_->setFocus();
}

void CommandPalette::runCurrent() {
  const QPointer<QAction> action = list_->currentIndex().data(ActionRole).value<QAction*>();
  leave();
  if (action && action->isEnabled()) action->trigger();
}

void CommandPalette::hideEvent(QHideEvent* event) {
  QFrame::hideEvent(event);
  offered_.clear();
  model_.clear();
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::FocusOut) hide();
  const bool isAsked = event->type() == QEvent::ShortcutOverride;
  if (!isAsked && event->type() != QEvent::KeyPress) return QFrame::eventFilter(watched, event);
  const auto* key = static_cast<QKeyEvent*>(event);
  // Escape is also a command of the window, which would come first.
  if (isAsked) {
    if (key->key() == Qt::Key_Escape) event->accept();
    return QFrame::eventFilter(watched, event);
  }
  const int row = list_->currentIndex().row();
  const auto go = [this](int to) {
    list_->setCurrentIndex(model_.index(std::clamp(to, 0, model_.rowCount() - 1), 0));
  };
  switch (key->key()) {
    case Qt::Key_Escape:
      leave();
      return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      runCurrent();
      return true;
    case Qt::Key_Down:
      go(row + 1);
      return true;
    case Qt::Key_Up:
      go(row - 1);
      return true;
    case Qt::Key_PageDown:
      go(row + 10);
      return true;
    case Qt::Key_PageUp:
      go(row - 10);
      return true;
    default:
      return QFrame::eventFilter(watched, event);
  }
}

}  // namespace lapidary::ui
