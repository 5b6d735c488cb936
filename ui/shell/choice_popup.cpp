#include "ui/shell/choice_popup.h"

#include <QAbstractItemView>
#include <QApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QVBoxLayout>
#include <algorithm>

namespace lapidary::ui {

ChoicePopup::ChoicePopup(QAbstractItemView* list, QWidget* window)
    : QFrame(window), field_(new QLineEdit), choices_(list) {
  setObjectName(QStringLiteral("popup"));
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(8, 8, 8, 8);
  column->setSpacing(4);
  column->addWidget(field_);
  column->addWidget(list);
  field_->installEventFilter(this);
  list->setFocusPolicy(Qt::NoFocus);
  list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  connect(field_, &QLineEdit::textChanged, this, &ChoicePopup::fill);
  connect(list, &QAbstractItemView::clicked, this, &ChoicePopup::takeCurrent);
  hide();
}

void ChoicePopup::appear() {
  before_ = QApplication::focusWidget();
  field_->clear();
  fill({});
  show();
  raise();
  field_->setFocus();
}

void ChoicePopup::leave() {
  hide();
  if (before_) before_->setFocus();
}

void ChoicePopup::place(int height) {
  constexpr int widest = 560, highest = 420, top = 52;
  const int width = std::min(widest, parentWidget()->width() - 32);
  setGeometry((parentWidget()->width() - width) / 2, top, width,
              std::min({highest, parentWidget()->height() - 80, height}));
}

bool ChoicePopup::press(int key) {
  const auto go = [this](int by) {
    const int rows = choices_->model()->rowCount();
    const int row = std::clamp(choices_->currentIndex().row() + by, 0, std::max(0, rows - 1));
    choices_->setCurrentIndex(choices_->model()->index(row, 0));
  };
  switch (key) {
    case Qt::Key_Escape:
      leave();
      return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      takeCurrent();
      return true;
    case Qt::Key_Down:
      go(1);
      return true;
    case Qt::Key_Up:
      go(-1);
      return true;
    case Qt::Key_PageDown:
      go(10);
      return true;
    case Qt::Key_PageUp:
      go(-10);
      return true;
    default:
      return false;
  }
}

bool ChoicePopup::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::FocusOut) hide();
  const bool isAsked = event->type() == QEvent::ShortcutOverride;
  if (!isAsked && event->type() != QEvent::KeyPress) return QFrame::eventFilter(watched, event);
  const int key = static_cast<QKeyEvent*>(event)->key();
  // Escape is also a command of the window, which would come first.
  if (isAsked && key == Qt::Key_Escape) event->accept();
  return (!isAsked && press(key)) || QFrame::eventFilter(watched, event);
}

}  // namespace lapidary::ui
