#include "ui/shell/operator_palette.h"

#include <QApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QVBoxLayout>
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

OperatorPalette::OperatorPalette(QWidget* window)
    : QFrame(window), field_(new QLineEdit), list_(new QListWidget) {
  setObjectName(QStringLiteral("popup"));
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(8, 8, 8, 8);
  column->setSpacing(4);
  column->addWidget(field_);
  column->addWidget(list_);
  field_->setPlaceholderText(tr("Search operators by name or by what they do"));
  field_->setAccessibleName(tr("Operator"));
  field_->installEventFilter(this);
  list_->setFocusPolicy(Qt::NoFocus);
  list_->setAccessibleName(tr("Operators"));
  list_->setUniformItemSizes(true);
  list_->setTextElideMode(Qt::ElideRight);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  connect(field_, &QLineEdit::textChanged, this, &OperatorPalette::fill);
  connect(list_, &QListWidget::itemClicked, this, &OperatorPalette::takeCurrent);
  hide();
}

void OperatorPalette::open(const Model& model, std::function<void(const Operator&)> chosen) {
  before_ = QApplication::focusWidget();
  operators_ = operatorsFor(model);
  chosen_ = std::move(chosen);
  field_->clear();
  fill({});
  const int width = std::min(560, parentWidget()->width() - 32);
  setGeometry((parentWidget()->width() - width) / 2, 52, width, std::min(420, parentWidget()->height() - 80));
  show();
  raise();
  field_->setFocus();
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

void OperatorPalette::leave() {
  hide();
  if (before_) before_->setFocus();
}

void OperatorPalette::takeCurrent() {
  const QListWidgetItem* item = list_->currentItem();
  const int position = item ? item->data(PositionRole).toInt() : -1;
  leave();
  if (position >= 0) chosen_(*operators_[static_cast<std::size_t>(position)]);
}

bool OperatorPalette::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::FocusOut) hide();
  const bool isAsked = event->type() == QEvent::ShortcutOverride;
  if (!isAsked && event->type() != QEvent::KeyPress) return QFrame::eventFilter(watched, event);
  const int key = static_cast<QKeyEvent*>(event)->key();
  // Escape is also a command of the window, which would come first.
  if (isAsked) {
    if (key == Qt::Key_Escape) event->accept();
    return QFrame::eventFilter(watched, event);
  }
  if (key == Qt::Key_Escape) {
    leave();
  } else if (key == Qt::Key_Return || key == Qt::Key_Enter) {
    takeCurrent();
  } else if (key == Qt::Key_Down || key == Qt::Key_Up) {
    const int row = list_->currentRow() + (key == Qt::Key_Down ? 1 : -1);
    list_->setCurrentRow(std::clamp(row, 0, std::max(0, list_->count() - 1)));
  } else {
    return QFrame::eventFilter(watched, event);
  }
  return true;
}

}  // namespace lapidary::ui
